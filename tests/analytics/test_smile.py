"""A contract's volatility as its neighbours see it."""

import numpy as np
import pytest

from app.analytics.smile import neighbours_volatility

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
