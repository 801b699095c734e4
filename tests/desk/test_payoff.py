"""Payoffs against figures worked out by hand."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from app.desk.paper.margin import EXPOSURE, LEAST_PRICE_RANGE, margin
from app.desk.paper.payoff import Held, payoff, profit

INDEX = 26_000.0
WEEK = 7 / 365


def option(is_call: bool, strike: float, units: int, cost: float, **known: float) -> Held:
    made = Held(is_call, strike, units, cost, years=WEEK, forward=INDEX, volatility=0.1)
    return replace(made, **known)


def straddle(units: int) -> list[Held]:
    return [option(True, INDEX, units, 110.0), option(False, INDEX, units, 90.0)]


def test_a_long_straddle_loses_its_premium_at_most_and_gains_without_limit() -> None:
    found = payoff(straddle(65), INDEX).extremes
    assert (found.gain, found.loss) == (inf, -200.0 * 65)
    assert found.breakevens == pytest.approx((25_800.0, 26_200.0))


def test_a_short_straddle_loses_without_limit() -> None:
    found = payoff(straddle(-65), INDEX).extremes
    assert (found.gain, found.loss) == (200.0 * 65, -inf)
    assert found.breakevens == pytest.approx((25_800.0, 26_200.0))


def test_a_vertical_spread_is_bounded_on_both_sides() -> None:
    spread = [option(True, 26_000.0, 65, 110.0), option(True, 26_100.0, -65, 60.0)]
    found = payoff(spread, INDEX).extremes
    assert (found.gain, found.loss) == (50.0 * 65, -50.0 * 65)
    assert found.breakevens == pytest.approx((26_050.0,))


def test_an_iron_condor_gains_its_credit_between_two_breakevens() -> None:
    condor = [
        option(False, 25_700.0, 65, 10.0),
        option(False, 25_800.0, -65, 30.0),
        option(True, 26_200.0, -65, 28.0),
        option(True, 26_300.0, 65, 8.0),
    ]
    found = payoff(condor, INDEX).extremes
    assert (found.gain, found.loss) == pytest.approx((40.0 * 65, -60.0 * 65))
    assert found.breakevens == pytest.approx((25_760.0, 26_240.0))


def test_a_short_put_loses_its_strike_at_most() -> None:
    found = payoff([option(False, 26_000.0, -65, 90.0)], INDEX).extremes
    assert (found.gain, found.loss) == (90.0 * 65, -(26_000.0 - 90.0) * 65)


def test_at_expiry_the_curve_is_what_exercising_pays() -> None:
    found = payoff(straddle(65), INDEX)
    by_hand = (np.abs(found.levels - INDEX) - 200.0) * 65
    assert found.at_expiry == pytest.approx(by_hand)
    assert found.levels[len(found.levels) // 2] == INDEX


def test_today_is_worth_what_black_says_of_the_forward() -> None:
    # 0.4·F·σ·√T, the value of a straddle's half at the money
    half = 0.39894 * INDEX * 0.1 * WEEK**0.5
    now = profit(straddle(1), INDEX, np.array([INDEX]), 0.0)
    assert now[0] == pytest.approx(2 * half - 200.0, abs=0.05)


def test_a_contract_that_outlives_the_others_still_has_time_value() -> None:
    calendar = [
        option(True, INDEX, -65, 100.0),
        option(True, INDEX, 65, 200.0, years=5 * WEEK),
    ]
    found = payoff(calendar, INDEX)
    middle = found.at_expiry[len(found.levels) // 2]
    far = 0.39894 * INDEX * 0.1 * (4 * WEEK) ** 0.5
    assert middle == pytest.approx(65 * (far - 100.0), rel=1e-3)
    assert (found.extremes.gain, found.extremes.loss) == pytest.approx((middle, -6500.0), rel=1e-2)
    assert len(found.extremes.breakevens) == 2


def test_without_a_volatility_today_is_unknown_and_expiry_is_not() -> None:
    found = payoff([option(True, INDEX, 65, 110.0, volatility=nan)], INDEX)
    assert found.now is None
    assert found.extremes.loss == -110.0 * 65
    assert margin([option(True, INDEX, 65, 110.0, volatility=nan)], INDEX) is None


def test_what_is_long_alone_needs_no_margin() -> None:
    found = margin(straddle(65), INDEX)
    assert found is not None
    assert (found.scan, found.exposure, found.total) == (0.0, 0.0, 0.0)


def test_a_deep_short_call_is_scanned_by_the_price_range() -> None:
    # far in the money it moves with the index, point by point: no part of time value
    deep = [option(True, 13_000.0, -65, 13_000.0, years=1 / 365 + 1e-9)]
    found = margin(deep, INDEX)
    assert found is not None
    assert found.price_range == LEAST_PRICE_RANGE
    assert found.scan == pytest.approx(65 * INDEX * LEAST_PRICE_RANGE, rel=1e-6)
    assert found.exposure == pytest.approx(65 * INDEX * EXPOSURE)


def test_what_is_short_on_its_last_day_is_charged_more() -> None:
    last_day = [option(True, INDEX, -65, 20.0, years=0.2 / 365)]
    found = margin(last_day, INDEX)
    assert found is not None
    assert found.exposure == pytest.approx(65 * INDEX * 0.04)


def test_a_hedge_takes_the_margin_of_a_spread_down_to_its_width() -> None:
    naked = margin([option(True, 26_000.0, -65, 110.0)], INDEX)
    hedged = margin([option(True, 26_000.0, -65, 110.0), option(True, 26_100.0, 65, 60.0)], INDEX)
    assert naked is not None
    assert hedged is not None
    assert hedged.scan < 100.0 * 65 < naked.scan / 10
