"""A rule rings on the edge, once, and says nothing about what it does not know."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.desk.alerts.judging import Look, State, Verdict, judged
from app.desk.alerts.rules import Rule, rule_of


def rule(kind: str, cooldown_s: int = 60, **params: Any) -> Rule:
    return rule_of({"exchange": "NSE", "kind": kind, "params": params, "cooldown_s": cooldown_s})


PCR = rule("pcr", direction="above", level=1.0)
BELOW = rule("price", direction="below", level=26_000)
OI = rule("oi_change", direction="either", unit="percent", level=8, minutes=3)
PAIN = rule("max_pain", level=100)
FEED = rule("feed", word="mute")
ARMED: State = {"beyond": []}
FIRED: State = {"beyond": [""]}


def look(value: float | None, **known: Any) -> Look:
    return Look({"": value}, **known)


class Watched:
    """A rule that is looked at time and again, each a second after the last."""

    def __init__(self, watched: Rule, state: State | None = ARMED) -> None:
        self.rule, self.state = watched, state
        self.since_fired_s: float | None = None

    def sees(self, value: float | None, after_s: float = 1.0) -> bool:
        """Whether it rings at this."""
        if self.since_fired_s is not None:
            self.since_fired_s += after_s
        found = judged(self.rule, self.state, look(value, since_fired_s=self.since_fired_s))
        self.state = found.state
        if found.fired:
            self.since_fired_s = 0.0
        return bool(found.fired)


@pytest.mark.parametrize(
    ("watched", "this_side", "beyond"),
    [(PCR, 0.99, 1.0), (BELOW, 26_000.05, 26_000.0), (FEED, 0.0, 1.0)],
)
def test_it_rings_when_the_level_is_crossed(watched: Rule, this_side: float, beyond: float) -> None:
    assert judged(watched, ARMED, look(this_side)).fired == {}
    assert judged(watched, ARMED, look(beyond)).fired == {"": beyond}


def test_it_rings_once_for_as_long_as_it_stays_beyond() -> None:
    pcr = Watched(PCR)
    assert [pcr.sees(value, 1000) for value in (0.9, 1.0, 1.1, 1.5, 1.0)] == [
        *(False, True, False, False, False)
    ]


def test_a_figure_that_trembles_on_the_level_rings_once_a_pause() -> None:
    pcr = Watched(PCR)
    assert pcr.sees(1.0)
    assert not any(pcr.sees(value) for _ in range(29) for value in (0.995, 1.005))
    assert not pcr.sees(0.995)
    assert not pcr.sees(0.995)
    assert pcr.sees(1.005)


def test_one_that_comes_back_by_the_margin_rings_again_after_the_pause() -> None:
    pcr = Watched(PCR)
    assert pcr.sees(1.0)
    assert not pcr.sees(0.98)
    assert not pcr.sees(1.2), "within the pause"
    assert pcr.sees(1.2, 60), "it is still beyond when the pause is over"


def test_without_a_pause_each_crossing_rings() -> None:
    price = Watched(rule("price", direction="above", level=26_000, cooldown_s=0))
    assert price.sees(26_001)
    assert not price.sees(26_001)
    assert not price.sees(25_999)
    assert price.sees(26_000)


def test_unknown_never_rings_and_changes_nothing() -> None:
    for state in (ARMED, FIRED, None):
        found = judged(PCR, state, look(None))
        assert (found.state, found.fired, found.noted) == (state or {}, {}, {})


@pytest.mark.parametrize("state", [None, ARMED])
def test_what_is_beyond_already_at_the_first_look_is_noted_and_does_not_ring(
    state: State | None,
) -> None:
    found = judged(PCR, state, look(1.2, is_first=True))
    assert found == Verdict(state={"beyond": [""]}, fired={}, noted={"": 1.2})
    # and what had rung before that is not even news
    assert judged(PCR, FIRED, look(1.2, is_first=True)) == Verdict(FIRED, {}, {})


def test_the_first_known_figure_is_the_first_look() -> None:
    unknown = judged(PCR, None, look(None))
    assert judged(PCR, unknown.state, look(1.2)).noted == {"": 1.2}


def test_any_strike_rings_for_each_that_goes_beyond() -> None:
    first = judged(OI, ARMED, Look({"26000 CE": 9.0, "26000 PE": 2.0, "26050 CE": None}))
    assert first.fired == {"26000 CE": 9.0}
    then = judged(OI, first.state, Look({"26000 CE": 9.5, "26000 PE": -8.0, "26050 CE": None}))
    assert then.fired == {"26000 PE": -8.0}
    assert then.state == {"beyond": ["26000 CE", "26000 PE"]}


def test_contracts_that_have_left_the_chain_are_forgotten() -> None:
    found = judged(OI, {"beyond": ["26000 CE", "26050 CE"]}, Look({"26000 CE": None, "1 CE": 0.0}))
    assert found.state == {"beyond": ["26000 CE"]}


@pytest.mark.parametrize(
    ("direction", "rings"),
    [("up", {"A": 9.0}), ("down", {"B": -9.0}), ("either", {"A": 9.0, "B": -9.0})],
)
def test_a_change_has_a_direction(direction: str, rings: dict[str, float]) -> None:
    watched = rule("oi_change", direction=direction, unit="percent", level=8, minutes=3)
    assert judged(watched, ARMED, Look({"A": 9.0, "B": -9.0})).fired == rings


def test_max_pain_is_measured_from_where_it_last_rang() -> None:
    def moved(state: State | None, value: float, **known: Any) -> Verdict:
        return judged(PAIN, state, look(value, expiry="2026-11-24", **known))

    begun = moved(None, 26_000)
    assert begun.fired == {}
    near = moved(begun.state, 26_050)
    assert (near.fired, near.state) == ({}, begun.state)
    rung = moved(near.state, 26_100)
    assert rung.fired == {"": 26_100}
    assert moved(rung.state, 26_050).fired == {}
    assert moved(rung.state, 26_000, since_fired_s=59.0).fired == {}
    assert moved(rung.state, 26_000, since_fired_s=60.0).fired == {"": 26_000}


def test_max_pain_of_another_expiry_or_after_a_gap_begins_anew() -> None:
    state = {"reference": 26_000, "expiry": "2026-11-17"}
    for known in ({"expiry": "2026-11-24"}, {"expiry": "2026-11-17", "is_first": True}):
        found = judged(PAIN, state, look(26_500, **known))
        assert found.fired == {}
        assert found.state["reference"] == 26_500


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 1.5), min_size=1, max_size=80))
def test_between_two_rings_it_was_on_this_side(values: list[float]) -> None:
    pcr = Watched(PCR)
    was_back = True
    for value in values:
        was_back = was_back or value < 1.0
        if pcr.sees(value, 30.0):
            assert was_back
            assert value >= 1.0
            was_back = False
