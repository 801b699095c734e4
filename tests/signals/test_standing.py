"""How signals stand: training anew is suggested where figures speak for it, and not before."""

from datetime import date, timedelta

import pytest

from app.signals.standing import Drift, Standing
from db.queries.signals import QualityDay


def days(count: int, told: int, hits: int, anyway: float) -> tuple[QualityDay, ...]:
    return tuple(
        QualityDay(
            day=date(2026, 9, 1) + timedelta(days=n),
            settled=700,
            told=told,
            stretches=max(1, told // 2) if told else 0,
            said=0.5,
            hits=hits,
            anyway=anyway,
            brier=0.6,
            brier_anyway=0.62,
        )
        for n in range(count)
    )


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (days(10, 20, 8, 7.5), None),
        (days(10, 20, 7, 7.5), "Train anew: over 10 days 35% of what was told came true, and 38%"),
        # of few days, or few signals, nothing is said
        (days(4, 20, 7, 7.5), None),
        (days(10, 4, 1, 1.5), None),
        ((), None),
    ],
)
def test_signals_that_come_true_no_more_often_than_anyway_want_training(
    found: tuple[QualityDay, ...], advice: str | None
) -> None:
    said = Standing("NSE", "abc", found, (Drift("PCR", 0.2, 0.1),)).advice
    assert said is None if advice is None else str(said).startswith(advice)


def test_inputs_that_moved_are_named() -> None:
    # what moves so far in any week is no news
    usual = (Drift("hours to expiry", 3.0, 4.0), Drift("breadth", 0.25, 0.1))
    moved = (Drift("India VIX", 0.9, 0.8), Drift("PCR", 0.26, 0.1), *usual)
    said = Standing("NSE", "abc", days(10, 20, 8, 7.5), moved).advice
    assert said == "Train anew: India VIX, PCR are no longer what they were in training."


def test_a_few_hits_are_not_taken_for_skill() -> None:
    # they lie in fifteen stretches
    record = Standing("NSE", "abc", days(3, 10, 5, 4.0), ()).record
    assert (record.told, record.hits, record.anyway, record.said) == (30, 0.5, 0.4, 0.5)
    assert record.word == "not shown"
    assert record.low == pytest.approx(0.2742, abs=1e-4)
    assert record.high == pytest.approx(0.7258, abs=1e-4)


@pytest.mark.parametrize(("hits", "word"), [(30, "better"), (8, "worse"), (20, "not shown")])
def test_skill_is_shown_beyond_luck(hits: int, word: str) -> None:
    assert Standing("NSE", "abc", days(10, 40, hits, 20.0), ()).record.word == word


def test_of_nothing_told_nothing_is_said() -> None:
    record = Standing("NSE", "abc", days(2, 0, 0, 0.0), ()).record
    assert (record.told, record.hits, record.low, record.word) == (0, None, None, None)
