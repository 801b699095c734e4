"""Trends, averages and realized volatility of the market around the chain."""

import math
import statistics

import pytest

from app.analytics import macro


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        # readings of the original program, as it stored them
        (89.72, 89.70, 0.022296544035670034),
        (5284.0, 5285.0, -0.01892147587511826),
        (89.68, 89.68, 0.0),
        (None, 89.68, None),
        (89.68, None, None),
        (89.68, 0.0, None),
    ],
)
def test_a_trend_is_the_change_since_the_reading_before(
    now: float | None, before: float | None, expected: float | None
) -> None:
    assert macro.percent_trend(now, before) == (
        None if expected is None else pytest.approx(expected, abs=1e-12)
    )


def test_the_spread_is_how_far_the_dollar_outran_crude() -> None:
    found = macro.spread(0.022296544035670034, -0.01892147587511826)
    assert found == pytest.approx(0.041218019910788294, abs=1e-15)
    assert macro.spread(None, 0.1) is None
    assert macro.spread(0.1, None) is None


def test_an_average_takes_the_days_before_and_is_unknown_without_them() -> None:
    closes = [1.0, 2.0, 10.0, 11.0, 12.0, 13.0]
    assert macro.moving_average(14.0, closes, 5) == statistics.fmean([10.0, 11.0, 12.0, 13.0, 14.0])
    assert macro.moving_average(14.0, closes[-3:], 5) is None
    assert macro.moving_average(None, closes, 5) is None


def test_a_trend_over_days_is_measured_against_that_days_close() -> None:
    closes = [10.0, 11.0, 12.0, 13.0, 20.0]
    assert macro.trend_over(22.0, closes, 1) == pytest.approx(10.0)
    assert macro.trend_over(22.0, closes, 5) == pytest.approx(120.0)
    assert macro.trend_over(22.0, closes[1:], 5) is None
    assert macro.trend_over(22.0, [], 1) is None


def test_realized_volatility_is_that_of_the_last_twenty_returns() -> None:
    swings = [100.0 * math.exp(0.01 * (day % 2)) for day in range(21)]
    returns = [0.01, -0.01] * 10
    expected = statistics.stdev(returns) * math.sqrt(252) * 100
    assert macro.realized_volatility(swings) == pytest.approx(expected)
    assert macro.realized_volatility([1.0, 50.0, *swings]) == pytest.approx(expected)


@pytest.mark.parametrize("closes", [[], [100.0] * 5, [100.0] * 10 + [0.0]])
def test_realized_volatility_of_too_few_days_or_of_no_price_is_unknown(closes: list[float]) -> None:
    assert macro.realized_volatility(closes) is None


def test_a_market_that_stands_still_has_a_volatility_of_nothing() -> None:
    assert macro.realized_volatility([100.0] * 6) == 0.0
