"""One table of columns, and the forms that are made by it: messages, legacy JSON, CSV, bodies."""

import csv
import io
import json
import math
from datetime import timedelta

import orjson
import pytest

from app.chains import legacy
from app.chains.columns import COLUMNS, FIELDS
from app.chains.export import chain_csv, file_name
from app.chains.state import Chain, ChainFaultError, ChainState
from app.chains.wire import clock_message, delta_between, full_body, full_message
from db.market.limits import MOST_STRIKES
from db.queries.signals import Signal
from tests.support.chain_states import MARKET_TIME, head, option, state


def leg(chain: Chain, strike: float, side: str) -> dict[str, object]:
    return dict(zip(FIELDS, chain.legs[strike, side], strict=True))


def test_every_column_goes_somewhere_under_a_name_of_its_own() -> None:
    for place in ("wire", "legacy", "csv"):
        names = [name for column in COLUMNS if (name := getattr(column, place)) is not None]
        assert len(names) == len(set(names))
    assert all(column.wire or column.legacy or column.csv for column in COLUMNS)
    assert FIELDS[:2] == ("strike", "side")


def test_volatility_is_rounded_once_to_what_the_screen_shows() -> None:
    # to two digits and then to one this would read 8.4
    row = option(100.0, "CE", 10, iv=8.349, iv_forward=9.149, delta=0.126)
    made = Chain("NSE", head(1), (row,))
    assert leg(made, 100.0, "CE")["iv"] == 8.3
    assert leg(made, 100.0, "CE")["iv_forward"] == 9.1
    assert leg(made, 100.0, "CE")["delta"] == 0.13


def test_a_page_is_sent_changes_to_three_digits_and_programs_all_of_them() -> None:
    made = Chain("NSE", head(1), (option(100.0, "CE", 10, pct_change_5m=2.273369104772663),))
    assert leg(made, 100.0, "CE")["pct_5m"] == 2.273
    [told] = legacy.payload(ChainState(made, 0.0, None))["call_options"]
    assert told["pct_changes"]["5m"] == 2.273369104772663


def test_the_time_of_open_interest_goes_to_all_as_that_of_its_last_change() -> None:
    changed = MARKET_TIME - timedelta(minutes=3)
    rows = (option(100.0, "CE", 1, oi_at=changed), option(100.0, "PE", 1))
    made = Chain("NSE", head(1), rows)
    assert leg(made, 100.0, "CE")["oi_at"] == int(changed.timestamp() * 1000)
    assert leg(made, 100.0, "PE")["oi_at"] is None
    answer = legacy.payload(ChainState(made, 0.0, None))
    assert answer["call_options"][0]["oi_time"] == "10:27:00"
    assert answer["put_options"][0]["oi_time"] == "10:30:00", "seen then, though never to change"


def test_a_full_message_says_what_its_values_are_but_not_the_time() -> None:
    message = json.loads(full_body(state(7, {100.0: 10})).body)
    assert (message["kind"], message["exchange"], message["sequence"]) == ("full", "NSE", 7)
    assert message["fields"] == list(FIELDS)
    assert len(message["legs"]) == 2
    assert "server_ms" not in message


def test_the_summary_knows_the_contract_and_says_nothing_it_does_not_know() -> None:
    summary = orjson.loads(full_body(state(1, {100.0: 10})).body)["summary"]
    assert summary["lot_size"] == 65
    assert summary["expires_at"] == "2026-08-04T15:40:00+05:30"
    assert summary["underlying_symbol"] == "NIFTY"
    assert summary["ml_signal"] is None
    assert summary["source"] is None
    assert (summary["forward"], summary["atm_iv_forward"]) == (None, None)
    told = state(1, {}, forward=101.5, atm_iv_forward=9.25)
    known = orjson.loads(full_body(told).body)["summary"]
    assert (known["forward"], known["atm_iv_forward"]) == (101.5, 9.25)
    listed = orjson.loads(full_body(state(1, {}, lot_size=75)).body)["summary"]
    assert listed["lot_size"] == 75
    nothing = orjson.loads(full_body(state(1, {}, expiry=None)).body)["summary"]
    assert nothing["lot_size"] is None
    assert nothing["expires_at"] is None


def test_the_change_of_oi_in_the_money_is_one_of_sums() -> None:
    rows = [
        option(strike, side, oi, oi_change_3m=change)
        for strike, side, oi, change in (
            (50.0, "CE", 300, 100),
            (0.0, "CE", 100, -50),
            (100.0, "CE", 1000, 900),
            (150.0, "PE", 50, None),
        )
    ]
    summary = Chain("NSE", head(1), tuple(rows)).facts
    # 400 of 350 before; the strike at the money is none of them
    assert summary["itm_ce_oi_change"] == pytest.approx(50 / 350 * 100)
    assert summary["itm_pe_oi_change"] is None


def test_programs_are_told_to_hold_and_that_there_is_no_model() -> None:
    shown = legacy.payload(state(1, {100.0: 10}))
    assert (shown["ml_signal"], shown["ml_rationale"]) == ("HOLD", "no model")
    assert shown["strike_difference"] == 50.0


def signalled(sequence: int) -> Chain:
    """A chain of which a model says BUY."""
    said = {"signal": "BUY", "confidence": 0.52, "rationale": "why", "timestamp": MARKET_TIME}
    signal = Signal(**{**dict.fromkeys(Signal._fields), **said})
    return Chain("NSE", head(sequence), (option(100.0, "CE", sequence),), signal)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("live", "why"),
        ("stale", "no signal: the data are stale"),
        ("closed", "no signal: the market is closed"),
    ],
)
def test_programs_are_told_no_signal_of_what_is_not_the_present(status: str, why: str) -> None:
    facts = signalled(1).facts_when(status)
    assert facts["ml_signal"] == ("BUY" if status == "live" else None)
    assert facts["ml_rationale"] == why


def test_a_signal_stands_where_fresh_data_follow_stale_ones() -> None:
    old, new = signalled(1), signalled(2)
    page = full_message(old, "stale")["summary"]
    page.update(delta_between(old, new, "live")["summary"])
    assert page == full_message(new, "live")["summary"]


@pytest.mark.parametrize(
    ("strike", "side", "position", "kind"),
    [
        (100.0, "CE", 0, "atm"),
        (50.0, "CE", -1, "itm"),
        (50.0, "PE", -1, "otm"),
        (200.0, "PE", 2, "itm"),
    ],
)
def test_a_contract_of_the_legacy_json_knows_its_place(
    strike: float, side: str, position: int, kind: str
) -> None:
    shown = legacy.payload(state(1, {strike: 10}))
    found = shown["call_options" if side == "CE" else "put_options"][0]
    assert (found["position"], found["strike_type"]) == (position, kind)


def test_without_atm_nothing_has_a_place() -> None:
    shown = legacy.payload(state(1, {100.0: 10}, atm_strike=None), strikes=1)
    assert shown["call_options"][0]["position"] is None
    assert shown["call_options"][0]["strike_type"] is None


def test_of_narrowed_bodies_only_a_few_are_kept() -> None:
    wide = state(1, {100.0 + 50 * n: n for n in range(-30, 31)})
    whole = legacy.body(wide)
    for strikes in range(1, MOST_STRIKES + 1):
        assert legacy.body(wide, strikes).body
    assert len(wide.chain.bodies) <= 6
    assert legacy.body(wide) is whole
    assert legacy.body(wide, MOST_STRIKES) is legacy.body(wide, MOST_STRIKES)
    narrow = json.loads(legacy.body(wide, 2).body)
    assert [row["strike"] for row in narrow["call_options"]] == [0.0, 50.0, 100.0, 150.0, 200.0]


@pytest.mark.parametrize("strike", [math.nan, math.inf])
def test_a_strike_that_is_no_number_is_a_fault_with_a_name(strike: float) -> None:
    broken = Chain("NSE", head(1), (option(100.0, "CE", 1), option(strike, "PE", 1, symbol="X")))
    with pytest.raises(ChainFaultError, match="chain of NSE cannot be shown: the strike of X"):
        broken.demand_sound()


def test_whatever_else_cannot_be_made_of_rows_is_a_fault_too() -> None:
    broken = Chain("NSE", head(1, atm_strike=math.nan), (option(100.0, "CE", 1),))
    with pytest.raises(ChainFaultError, match="chain of NSE cannot be shown: ValueError"):
        broken.demand_sound()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_of_the_csv_is_a_formula(start: str) -> None:
    trap = f'{start}HYPERLINK("http://example.org")'
    row = option(100.0, "CE", 10, symbol=trap, oi_change_3m=-5, pct_change_3m=-1.5)
    line = next(csv.DictReader(io.StringIO(chain_csv(Chain("NSE", head(1), (row,))), newline="")))
    assert line["symbol"] == f"'{trap}"
    assert (line["oi_change_3m"], line["pct_change_3m"]) == ("-5", "-1.5")


def test_the_csv_has_no_number_with_an_exponent() -> None:
    row = option(100.0, "CE", 10, gamma=3.3118545187898095e-06, theta=-2e-05, vega=0.5)
    line = next(csv.DictReader(io.StringIO(chain_csv(Chain("NSE", head(1), (row,))), newline="")))
    assert line["gamma"] == "0.0000033118545187898095"
    assert (line["theta"], line["vega"], line["strike"]) == ("-0.00002", "0.5", "100.0")


def test_the_csv_tells_the_close_before_the_forward_and_what_kind_of_market_it_is_of() -> None:
    row = option(100.0, "CE", 10, prev_close_oi=7)
    known = head(1, source="simulated", future_price=101.5, forward=100.75)
    line = next(csv.DictReader(io.StringIO(chain_csv(Chain("NSE", known, (row,))), newline="")))
    assert [line[name] for name in ("prev_close_oi", "future_price", "forward", "source")] == [
        *("7", "101.5", "100.75", "simulated")
    ]


def test_a_csv_is_named_by_its_market_time() -> None:
    assert file_name(state(1, {}).chain) == "NSE_2026-08-03T103000.csv"


def test_a_clock_tells_ages_in_whole_milliseconds_and_unknown_as_null() -> None:
    clock = clock_message({"NSE": 1.5, "BSE": None}, "away")
    assert clock["ages"] == {"NSE": 1500, "BSE": None}
    assert clock["problem"] == "away"
    assert clock["feeds"] == {}
    assert set(clock["phase"]) == {"options", "index"}
