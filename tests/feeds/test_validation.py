"""Nonsense is turned away with its reason; everything else passes untouched."""

import math
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from app.feeds import validation
from app.feeds.validation import checked, tick_fault
from db.market.clock import IST
from db.market.ticks import ChainSnapshot, OptionTick

TICK = OptionTick(
    token=11_001,
    symbol="NIFTY25D0926000CE",
    strike=26_000.0,
    option_type="CE",
    expiry=date(2025, 12, 9),
    ltp=124.55,
    oi=12_976_350,
    volume=1_000,
    best_bid=124.5,
    best_ask=124.6,
    bid_quantity=75.0,
    ask_quantity=150.0,
)
CHAIN = ChainSnapshot(
    exchange="NSE",
    timestamp=datetime(2025, 12, 4, 13, 14, tzinfo=IST),
    options=(TICK, replace(TICK, strike=26_050.0)),
    underlying_price=26_000.95,
    future_price=26_142.9,
    future_oi=15_062_250,
    vix=10.8,
)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"oi": -1}, validation.NEGATIVE_OI),
        ({"ltp": -0.05}, validation.NEGATIVE_PRICE),
        ({"best_bid": -1.0}, validation.NEGATIVE_PRICE),
        ({"volume": -1}, validation.NEGATIVE_QUANTITY),
        ({"ask_quantity": -1.0}, validation.NEGATIVE_QUANTITY),
        ({"strike": 0.0}, validation.NO_STRIKE),
        ({"strike": -100.0}, validation.NO_STRIKE),
        ({"strike": math.nan}, validation.NOT_FINITE),
        ({"ltp": math.nan}, validation.NOT_FINITE),
        ({"ltp": math.inf}, validation.NOT_FINITE),
        ({"option_type": "XX"}, validation.NO_OPTION_TYPE),
        ({"option_type": ""}, validation.NO_OPTION_TYPE),
        ({"token": 0}, validation.NO_TOKEN),
        ({"token": 2**63}, validation.NO_TOKEN),
        ({"symbol": ""}, validation.NO_SYMBOL),
        ({"symbol": "NIFTY\0"}, validation.NO_SYMBOL),
        ({"symbol": "N" * 65}, validation.NO_SYMBOL),
        ({"expiry": date(2025, 12, 3)}, validation.IMPOSSIBLE_EXPIRY),
        ({"expiry": date(9999, 12, 31)}, validation.IMPOSSIBLE_EXPIRY),
        ({"oi": 10**15}, validation.ABSURD_SIZE),
        ({"ltp": 1e9}, validation.ABSURD_SIZE),
        ({"strike": 1e12}, validation.ABSURD_SIZE),
    ],
)
def test_a_row_that_makes_no_sense_has_a_reason(change: dict[str, Any], reason: str) -> None:
    bad = replace(TICK, **change)
    assert tick_fault(bad, CHAIN.timestamp) == reason
    kept, faults = checked(replace(CHAIN, options=(bad, *CHAIN.options)))
    assert kept == CHAIN
    assert faults == {reason: 1}


@pytest.mark.parametrize(
    "change",
    [
        {"oi": 0},
        {"ltp": 0.0},
        {"expiry": date(2025, 12, 4)},
        {"ltp": None, "oi": None, "volume": None},
        {"best_bid": None},
    ],
)
def test_zero_and_unknown_figures_make_sense(change: dict[str, Any]) -> None:
    assert tick_fault(replace(TICK, **change), CHAIN.timestamp) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exchange": "NYSE"}, validation.UNKNOWN_EXCHANGE),
        ({"timestamp": datetime(2025, 12, 4, 13, 14)}, validation.NO_TIMESTAMP),
        ({"timestamp": datetime(1970, 1, 1, tzinfo=IST)}, validation.NO_TIMESTAMP),
        ({"timestamp": datetime(9999, 1, 1, tzinfo=IST)}, validation.NO_TIMESTAMP),
    ],
)
def test_a_chain_of_nowhere_or_no_time_is_rejected_whole(
    change: dict[str, Any], reason: str
) -> None:
    assert checked(replace(CHAIN, **change)) == (None, {reason: 2})


def test_of_a_repeated_contract_the_last_state_counts() -> None:
    kept, faults = checked(replace(CHAIN, options=(replace(TICK, oi=5), TICK)))
    assert kept is not None
    assert kept.options == (TICK,)
    assert faults == {validation.REPEATED: 1}


def test_an_impossible_index_becomes_unknown_and_is_counted() -> None:
    kept, faults = checked(replace(CHAIN, underlying_price=-1.0, vix=math.nan))
    assert kept == replace(CHAIN, underlying_price=None, vix=None)
    assert faults == {validation.NO_UNDERLYING: 1}


def test_a_chain_without_a_sound_row_is_nothing() -> None:
    kept, faults = checked(replace(CHAIN, options=(replace(TICK, oi=-1),)))
    assert kept is None
    assert faults == {validation.NEGATIVE_OI: 1}


def test_faults_the_feed_found_itself_are_counted_too() -> None:
    kept, faults = checked(replace(CHAIN, rejected=("bad checksum", "bad checksum")))
    assert kept == CHAIN
    assert faults == {"bad checksum": 2}
