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
