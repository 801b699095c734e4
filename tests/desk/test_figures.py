"""The figures of rules are the page's own, and none is taken from an old chain."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.desk.alerts.figures import Sight, figures
from app.desk.alerts.rules import rule_of
from app.desk.alerts.sentences import amount, fired, noted
from db.market.clock import IST
from db.market.limits import FEED_LOST_RINGS_AFTER_S, STALE_AFTER_S
from db.queries.chain import LatestOption
from db.queries.feeds import FeedState
from db.queries.summary import ChainSummary
from tests.support.chains import EXPIRY, at, option

IN_SESSION = datetime(2026, 11, 20, 10, 0, tzinfo=IST)
AT_NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=IST)


def head(**known: Any) -> ChainSummary:
    values = dict.fromkeys(ChainSummary._fields) | {
        "exchange": "NSE",
        "timestamp": at(0),
        "sequence": 7,
        "expiry": EXPIRY,
        "atm_strike": 26_000.0,
        "age_s": 0.5,
        "underlying_price": 26_010.0,
        "pcr": 0.9,
        "max_pain": 25_950.0,
        "atm_iv": 8.0,
        "atm_iv_forward": 10.5,
        "straddle": 216.25,
    }
    return ChainSummary(**values | known)


def row(strike: float, side: Any, **known: Any) -> LatestOption:
    values = dict.fromkeys(LatestOption._fields) | {
        name: value
        for name, value in option(strike, side, 1000, **known).items()
        if name in LatestOption._fields
    }
    return LatestOption(**values | {"exchange": "NSE", "timestamp": at(0)})


ROWS = tuple(
    row(strike, side, pct_change_3m=strike - 26_000, oi_change_5m=-65, ltp=strike / 100)
    for strike in (25_950.0, 26_000.0, 26_050.0)
    for side in ("CE", "PE")
)


def found(kind: str, sight: Sight | None = None, **params: Any) -> dict[str, float | None]:
    rule = rule_of({"exchange": "NSE", "kind": kind, "params": params})
    return dict(figures(rule, sight or Sight("NSE", IN_SESSION, head(), ROWS)))


def test_the_head_line_is_what_rules_are_about() -> None:
    crossing = {"direction": "above", "level": 1}
    assert found("pcr", **crossing) == {"": 0.9}
    assert found("max_pain", level=50) == {"": 25_950.0}
    assert found("price", **crossing) == {"": 26_010.0}
    assert found("iv", **crossing) == {"": 10.5}, "that on the forward, as on the screen"
    assert found("straddle", **crossing) == {"": 216.25}


def test_a_contract_is_found_by_strike_and_side() -> None:
    named = {"direction": "above", "level": 1, "strike": 26_050, "side": "PE"}
    assert found("price", **named) == {"": 260.5}
    assert found("iv", **named) == {"": 12.5}
    assert found("price", **named | {"strike": 1}) == {"": None}
    assert found("price", **named, expiry=EXPIRY.isoformat()) == {"": 260.5}
    other = EXPIRY + timedelta(days=7)
    assert found("price", **named, expiry=other.isoformat()) == {"": None}, "no other week's"


def test_changes_are_those_of_the_contracts_that_are_meant() -> None:
    wanted: dict[str, Any] = {"direction": "either", "unit": "percent", "level": 8, "minutes": 3}
    assert len(found("oi_change", **wanted)) == 6
    assert found("oi_change", **wanted, side="CE", within=0) == {"26000 CE": 0.0}
    assert set(found("oi_change", **wanted, strike=26_050)) == {"26050 CE", "26050 PE"}
    units = wanted | {"unit": "units", "minutes": 5, "side": "PE", "strike": 26_050}
    assert found("oi_change", **units) == {"26050 PE": -65}
    lost = Sight("NSE", IN_SESSION, head(atm_strike=None), ROWS)
    assert found("oi_change", lost, **wanted, within=5) == {}


def test_an_old_chain_has_no_figures_but_its_age() -> None:
    old = Sight("NSE", IN_SESSION, head(age_s=STALE_AFTER_S + 1), ROWS)
    assert found("pcr", old, direction="above", level=1) == {"": None}
    assert found("price", old, direction="above", level=1, strike=26_000, side="CE") == {"": None}
    assert found("age", old, level=30) == {"": STALE_AFTER_S + 1}


def test_between_sessions_data_have_no_age() -> None:
    assert found("age", Sight("NSE", AT_NIGHT, head(age_s=9_000.0)), level=30) == {"": None}
    assert found("age", Sight("NSE", IN_SESSION), level=30) == {"": None}


@pytest.mark.parametrize(
    ("feed", "value"),
    [
        (None, None),
        (FeedState("NSE", "mute", None, 1.0), 1.0),
        (FeedState("NSE", "live", None, 1.0), 0.0),
        (FeedState("NSE", "mute", None, FEED_LOST_RINGS_AFTER_S + 1), 0.0),
    ],
)
def test_a_feed_is_at_what_its_collector_tells(feed: FeedState | None, value: float | None) -> None:
    assert found("feed", Sight("NSE", IN_SESSION, None, (), feed), word="mute") == {"": value}


def said(
    kind: str, shown: dict[str, float], before: dict[str, Any] | None = None, **params: Any
) -> str:
    rule = rule_of({"exchange": "BSE", "kind": kind, "params": params})
    return fired(rule, shown, before or {})


def test_each_kind_says_what_has_happened() -> None:
    oi: dict[str, Any] = {"direction": "either", "unit": "percent", "level": 8, "minutes": 3}
    many = {"26000 CE": 9.12, "26050 CE": -20.0, "26100 CE": 8.5, "26150 PE": 8.0}
    assert said("oi_change", many, **oi) == (
        "SENSEX OI over 3 minutes: 26050 CE −20.0 %, 26000 CE +9.1 %, 26100 CE +8.5 % and 1 more."
    )
    assert said("oi_change", {"26000 CE": 1_23_456.0}, **oi | {"unit": "units"}).endswith(
        "26000 CE +1,23,456."
    )
    assert said("pcr", {"": 1.204}, direction="above", level=1.2) == (
        "SENSEX PCR is 1.20, at or above 1.20."
    )
    assert said("price", {"": 99.9}, direction="below", level=100, strike=85_000, side="PE") == (
        "SENSEX 85000 PE price is 99.90, at or below 100.00."
    )
    assert said("max_pain", {"": 85_100}, {"reference": 85_000}, level=100) == (
        "SENSEX max pain has moved from 85,000 to 85,100."
    )
    assert said("age", {"": 31.2}, level=30) == "SENSEX data are 31 s old, 30 s or more."
    assert said("feed", {"": 1.0}, word="login needed") == "SENSEX feed is at: login needed."
    rule = rule_of({"exchange": "NSE", "kind": "feed", "params": {"word": "mute"}})
    assert noted(rule, {"": 1.0}).startswith("Watching began: NIFTY feed is at: mute already;")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (999.5, "999.50"),
        (1_000.0, "1,000.00"),
        (1_00_000.0, "1,00,000.00"),
        (-1_23_45_678.9, "−1,23,45,678.90"),
    ],
)
def test_numbers_are_written_as_in_india(value: float, text: str) -> None:
    assert amount(value) == text
