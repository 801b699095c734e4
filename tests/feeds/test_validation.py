"""Nonsense is turned away with its reason; everything else passes untouched."""

import math
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.feeds import validation
from app.feeds.validation import REASONS, SOUND, checked, option_faults
from db.market import clock
from db.market.clock import IST, market_now
from db.market.ticks import ChainSnapshot
from tests.support.chains import Row, option_columns, rows_of

AT = datetime(2025, 12, 4, 13, 14, tzinfo=IST)
ROW: Row = {
    "token": 11_001,
    "symbol": "NIFTY25D0926000CE",
    "strike": 26_000.0,
    "option_type": "CE",
    "expiry": date(2025, 12, 9),
    "ltp": 124.55,
    "oi": 12_976_350,
    "volume": 1_000,
    "best_bid": 124.5,
    "best_ask": 124.6,
    "bid_quantity": 75.0,
    "ask_quantity": 150.0,
}
OTHER = ROW | {"strike": 26_050.0}


def chain(*rows: Row, **context: Any) -> ChainSnapshot:
    given = {
        "exchange": "NSE",
        "timestamp": AT,
        "underlying_price": 26_000.95,
        "future_price": 26_142.9,
        "future_oi": 15_062_250,
        "vix": 10.8,
    }
    return ChainSnapshot(options=option_columns(rows), **(given | context))


def kept(snapshot: ChainSnapshot) -> tuple[list[Row], Counter[str]]:
    sound, faults = checked(snapshot)
    return [] if sound is None else rows_of(sound.options), faults


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"oi": -75}, validation.NEGATIVE_OI),
        ({"ltp": -0.05}, validation.NEGATIVE_PRICE),
        ({"best_bid": -1.0}, validation.NEGATIVE_PRICE),
        ({"volume": -2}, validation.NEGATIVE_QUANTITY),
        ({"ask_quantity": -1.0}, validation.NEGATIVE_QUANTITY),
        ({"strike": 0.0}, validation.NO_STRIKE),
        ({"strike": -100.0}, validation.NO_STRIKE),
        ({"strike": math.nan}, validation.NOT_FINITE),
        ({"strike": math.inf}, validation.NOT_FINITE),
        ({"ask_quantity": -math.inf}, validation.NOT_FINITE),
        ({"ltp": math.inf}, validation.NOT_FINITE),
        ({"option_type": "XX"}, validation.NO_OPTION_TYPE),
        ({"option_type": ""}, validation.NO_OPTION_TYPE),
        ({"token": 0}, validation.NO_TOKEN),
        ({"token": -5}, validation.NO_TOKEN),
        ({"symbol": ""}, validation.NO_SYMBOL),
        ({"symbol": "NIFTY\0CE"}, validation.NO_SYMBOL),
        ({"symbol": "N" * 65}, validation.NO_SYMBOL),
        ({"symbol": "NIFTYé"}, validation.NO_SYMBOL),
        ({"expiry": None}, validation.IMPOSSIBLE_EXPIRY),
        ({"expiry": date(2025, 12, 3)}, validation.IMPOSSIBLE_EXPIRY),
        ({"expiry": date(9999, 12, 31)}, validation.IMPOSSIBLE_EXPIRY),
        ({"oi": 10**15}, validation.ABSURD_SIZE),
        ({"ltp": 1e9}, validation.ABSURD_SIZE),
        ({"strike": 1e12}, validation.ABSURD_SIZE),
    ],
)
def test_a_row_that_makes_no_sense_has_a_reason(change: dict[str, Any], reason: str) -> None:
    rows = (ROW | change, ROW, OTHER)
    codes = option_faults(option_columns(rows), AT).tolist()
    assert [None if code == SOUND else REASONS[code] for code in codes] == [reason, None, None]
    assert kept(chain(*rows)) == ([ROW, OTHER], {reason: 1})


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
    assert kept(chain(ROW | change)) == ([ROW | change], {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"exchange": "NYSE"}, validation.UNKNOWN_EXCHANGE),
        ({"timestamp": datetime(2025, 12, 4, 13, 14)}, clock.NO_TIMESTAMP),
        ({"timestamp": datetime(1970, 1, 1, tzinfo=IST)}, clock.NO_TIMESTAMP),
        ({"timestamp": datetime(9999, 12, 31, 23, 59, tzinfo=IST)}, clock.IN_THE_FUTURE),
        ({"timestamp": market_now() + timedelta(days=365)}, clock.IN_THE_FUTURE),
    ],
)
def test_a_chain_of_nowhere_or_no_time_is_rejected_whole(
    change: dict[str, Any], reason: str
) -> None:
    assert kept(chain(ROW, OTHER, **change)) == ([], {reason: 2})


def test_clocks_that_differ_by_some_minutes_are_borne_and_no_more() -> None:
    ahead = [
        checked(chain(ROW, timestamp=AT + timedelta(seconds=s)), lambda: AT) for s in (300, 301)
    ]
    assert [sound is not None for sound, _ in ahead] == [True, False]
    assert [faults for _, faults in ahead] == [{}, {clock.IN_THE_FUTURE: 1}]


def test_of_a_repeated_contract_the_last_state_counts() -> None:
    rows = (ROW | {"oi": 5}, OTHER, ROW | {"oi": 6}, ROW)
    assert kept(chain(*rows)) == ([OTHER, ROW], {validation.REPEATED: 2})


def test_of_several_expiries_the_nearest_one_is_the_chain() -> None:
    later = {"expiry": date(2025, 12, 16), "token": 7}
    rows = (ROW | later, OTHER, OTHER | later, ROW)
    assert kept(chain(*rows)) == ([OTHER, ROW], {validation.OTHER_EXPIRY: 2})


@pytest.mark.parametrize(
    ("minute", "alive"),
    [(29, date(2025, 12, 9)), (30, date(2025, 12, 16))],
    ids=["before it dies", "once it is dead"],
)
def test_the_nearest_expiry_is_one_that_is_alive(minute: int, alive: date) -> None:
    at = datetime(2025, 12, 9, 15, minute, tzinfo=IST)
    rows = (ROW, ROW | {"expiry": date(2025, 12, 16), "token": 7})
    (row,), faults = kept(chain(*rows, timestamp=at))
    assert row["expiry"] == alive
    assert faults == {validation.OTHER_EXPIRY: 1}


def test_a_chain_of_dead_contracts_only_is_still_one() -> None:
    assert kept(chain(ROW, timestamp=datetime(2025, 12, 9, 15, 45, tzinfo=IST))) == ([ROW], {})


def test_an_impossible_index_becomes_unknown_and_is_counted() -> None:
    sound, faults = checked(chain(ROW, underlying_price=-1.0, vix=math.nan))
    assert sound is not None
    assert (sound.underlying_price, sound.vix, sound.future_price) == (None, None, 26_142.9)
    assert faults == {validation.NO_UNDERLYING: 1}


def test_an_index_of_zero_is_one_that_the_feed_does_not_know() -> None:
    sound, faults = checked(chain(ROW, underlying_price=0.0))
    assert sound is not None
    assert sound.underlying_price is None
    assert not faults


def test_a_chain_without_a_sound_row_is_nothing() -> None:
    assert kept(chain(ROW | {"oi": -75})) == ([], {validation.NEGATIVE_OI: 1})
    assert kept(chain()) == ([], {})


def test_faults_the_feed_found_itself_are_counted_too() -> None:
    found = kept(chain(ROW, rejected=("bad checksum", "bad checksum")))
    assert found == ([ROW], {"bad checksum": 2})


def test_a_chain_that_is_sound_is_passed_on_without_a_copy() -> None:
    given = chain(ROW, OTHER)
    sound, _ = checked(given)
    assert sound is not None
    assert sound.options is given.options
    assert np.shares_memory(sound.options.oi, given.options.oi)
