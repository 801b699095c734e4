"""What may be an alert, and what is refused in one sentence."""

from typing import Any

import pytest

from app.desk.alerts.rules import KINDS, changed, rule_of
from db.errors import InvalidInputError

PARAMS: dict[str, dict[str, Any]] = {
    "oi_change": {"direction": "either", "unit": "percent", "level": 8, "minutes": 3},
    "pcr": {"direction": "above", "level": 1.2},
    "max_pain": {"level": 100},
    "price": {"direction": "below", "level": 25_900, "strike": None},
    "iv": {"direction": "above", "level": 14, "strike": 26_000, "side": "CE"},
    "straddle": {"direction": "below", "level": 180.5},
    "age": {"level": 30},
    "feed": {"word": "login needed"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_taken(kind: str) -> None:
    rule = rule_of({"exchange": "NSE", "kind": kind, "params": PARAMS[kind]})
    assert rule.params == {k: v for k, v in PARAMS[kind].items() if v is not None}
    assert (rule.repeats, rule.cooldown_s) == (True, 60)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "An alert is an object"),
        ({"kind": "pcr"}, "needs an exchange"),
        ({"exchange": "NYSE", "kind": "pcr"}, "Unknown exchange"),
        ({"exchange": "NSE", "kind": "moon"}, "The kind of an alert is one of"),
        ({"exchange": "NSE", "kind": ["pcr"]}, "The kind of an alert is one of"),
        ({"exchange": "NSE", "kind": "pcr", "moon": 1}, "has no moon"),
        ({"exchange": "NSE", "kind": "pcr", "params": 3}, "are an object"),
        ({"exchange": "NSE", "kind": "pcr", "params": {"moon": 1}}, "has no moon"),
        ({"exchange": "NSE", "kind": "pcr", "params": {"level": 1}}, "direction of an alert"),
    ],
)
def test_what_makes_no_sense_is_refused(given: Any, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        rule_of(given)


@pytest.mark.parametrize(
    "change",
    [
        {"level": True},
        {"level": "8"},
        {"level": float("nan")},
        {"level": float("inf")},
        {"level": 0},
        {"level": 1e13},
        {"minutes": 4},
        {"minutes": 3.0},
        {"within": 501},
        {"side": "XX"},
        {"strike": -1},
        {"expiry": "20261124"},
        {"expiry": "2026-02-30"},
        {"expiry": 7},
    ],
)
def test_a_parameter_that_is_none_is_refused(change: dict[str, Any]) -> None:
    (name,) = change
    with pytest.raises(InvalidInputError, match=f"The {name} of an alert of oi_change must be"):
        rule_of({"exchange": "NSE", "kind": "oi_change", "params": PARAMS["oi_change"] | change})


def test_half_a_contract_is_refused() -> None:
    for half in ({"strike": 26_000}, {"side": "CE"}):
        with pytest.raises(InvalidInputError, match="by its strike and its side"):
            rule_of({"exchange": "NSE", "kind": "price", "params": PARAMS["price"] | half})


@pytest.mark.parametrize(
    "part", [{"repeats": 1}, {"cooldown_s": -1}, {"cooldown_s": 1.5}, {"cooldown_s": 86_401}]
)
def test_how_often_it_rings_is_checked_too(part: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(part))):
        rule_of({"exchange": "NSE", "kind": "pcr", "params": PARAMS["pcr"], **part})


def test_a_rule_changes_in_all_but_what_it_is_about() -> None:
    rule = rule_of({"exchange": "NSE", "kind": "pcr", "params": PARAMS["pcr"]})
    other = changed(rule, {"params": {"direction": "below", "level": 0.7}, "repeats": False})
    assert (other.params["level"], other.repeats, other.cooldown_s) == (0.7, False, 60)
    with pytest.raises(InvalidInputError, match="The kind of an alert cannot change"):
        changed(rule, {"kind": "iv"})
