"""A contract's volatility as its neighbours see it, and how a smile leans."""

import numpy as np
import pytest

from app.analytics.black_scholes import greeks, price
from app.analytics.implied_volatility import implied_volatility
from app.analytics.smile import neighbours_volatility, skew

STRIKE = np.array([100.0, 110.0, 130.0, 100.0, 110.0, 130.0])
IS_CALL = np.array([True, True, True, False, False, False])


def test_it_lies_between_the_neighbours_of_the_same_side() -> None:
    found = neighbours_volatility(STRIKE, IS_CALL, np.array([0.1, 0.9, 0.4, 0.2, 0.9, 0.5]))
    assert found[1] == pytest.approx(0.2)
    assert found[4] == pytest.approx(0.3)


def test_the_ends_have_no_neighbours() -> None:
    found = neighbours_volatility(STRIKE, IS_CALL, np.full(6, 0.1))
    assert np.isnan(found[[0, 2, 3, 5]]).all()


def test_strikes_without_a_volatility_are_passed_over() -> None:
    strike, side = np.array([100.0, 110.0, 120.0, 140.0]), np.full(4, True)
    found = neighbours_volatility(strike, side, np.array([0.1, np.nan, np.nan, 0.5]))
    assert found[1:3].tolist() == pytest.approx([0.2, 0.3])


def test_the_order_of_the_chain_does_not_matter() -> None:
    order = np.array([4, 2, 0, 5, 1, 3])
    volatility = np.array([0.1, 0.2, 0.4, 0.2, 0.3, 0.5])
    straight = neighbours_volatility(STRIKE, IS_CALL, volatility)
    shuffled = neighbours_volatility(STRIKE[order], IS_CALL[order], volatility[order])
    np.testing.assert_allclose(shuffled, straight[order])


def test_an_empty_chain_has_no_smile() -> None:
    empty = np.array([])
    assert len(neighbours_volatility(empty, empty.astype(bool), empty)) == 0


STRIKES = np.arange(24_000.0, 28_050.0, 50.0)
YEARS = 5 / 365


def smile(strike: np.ndarray) -> np.ndarray:
    """Volatility falls towards the higher strikes, and then rises a little."""
    away = np.log(strike / 26_000) / (0.1 * np.sqrt(YEARS))
    return np.asarray(0.10 - 0.012 * away + 0.004 * away**2)


def leaning(carry: float) -> float:
    """The skew that is seen of that smile when the market's own rate is `carry`."""
    strike = np.tile(STRIKES, 2)
    is_call = np.arange(len(strike)) < len(STRIKES)
    paid = price(is_call, 26_000.0, strike, YEARS, smile(strike), rate=carry)
    seen = implied_volatility(is_call, paid, 26_000.0, strike, YEARS, 0.10)
    found = greeks(is_call, 26_000.0, strike, YEARS, seen)
    return float(skew(strike, is_call, seen, found.delta))


def test_a_smile_leans_by_what_its_wings_cost_more() -> None:
    """Against the 25-delta strikes found by a fine search on the smile itself."""
    fine = np.arange(24_000.0, 28_000.0, 0.5)
    delta = greeks(True, 26_000.0, fine, YEARS, smile(fine)).delta
    fall, middle, rise = (
        smile(fine)[int(np.argmin(np.abs(delta - wanted)))] for wanted in (0.75, 0.5, 0.25)
    )
    assert leaning(0.10) == pytest.approx((fall - rise) / middle, abs=0.005)
    assert leaning(0.10) > 0.1


@pytest.mark.parametrize("carry", [0.0, 0.04, 0.08])
def test_a_rate_that_is_not_the_markets_does_not_lean_it(carry: float) -> None:
    assert leaning(carry) == pytest.approx(leaning(0.10), abs=0.015)


def test_what_no_strikes_enclose_leans_to_no_side() -> None:
    strike, is_call = np.array([100.0, 100.0, 102.0, 102.0]), np.array([True, False] * 2)
    delta = np.array([0.6, -0.4, 0.4, -0.6])
    assert np.isnan(skew(strike, is_call, np.full(4, 0.1), delta))
    empty = np.array([])
    assert np.isnan(skew(empty, empty.astype(bool), empty, empty))
    one_sided = np.where(is_call, 0.1, np.nan)
    assert np.isnan(skew(strike, is_call, one_sided, delta))
