"""ATM, positions and the sides of the book."""

import numpy as np
import pytest

from app.analytics.moneyness import atm_strike, moneyness, position
from app.analytics.order_book import imbalance, spread

STRIKES = np.array([25_900.0, 25_950.0, 26_000.0, 26_050.0])


@pytest.mark.parametrize(
    ("underlying", "expected"),
    [
        (26_001.0, 26_000.0),
        (25_975.1, 26_000.0),
        (25_975.0, 25_950.0),
        (1.0, 25_900.0),
        (99_999.0, 26_050.0),
    ],
)
def test_atm_is_the_nearest_listed_strike(underlying: float, expected: float) -> None:
    assert float(atm_strike(STRIKES, underlying)) == expected


def test_atm_skips_strikes_that_are_not_listed() -> None:
    assert float(atm_strike([25_900.0, 26_050.0], 25_950.0)) == 25_900.0


def test_atm_is_unknown_without_an_index_or_a_chain() -> None:
    assert np.isnan(atm_strike(STRIKES, np.nan))
    assert np.isnan(atm_strike([], 26_000.0))


def test_atm_of_a_single_strike_is_that_strike() -> None:
    assert float(atm_strike([100.0], 26_000.0)) == 100.0


def test_position_counts_strikes_from_atm() -> None:
    assert position(STRIKES, np.array(25_950.0), 50.0).tolist() == [-1, 0, 1, 2]


def test_calls_below_and_puts_above_atm_are_in_the_money() -> None:
    positions = np.array([-1.0, 0.0, 1.0])
    assert moneyness(np.full(3, True), positions).tolist() == ["ITM", "ATM", "OTM"]
    assert moneyness(np.full(3, False), positions).tolist() == ["OTM", "ATM", "ITM"]


def test_moneyness_without_an_index_is_blank() -> None:
    assert moneyness(np.array([True]), np.array([np.nan])).tolist() == [""]


def test_spread_is_ask_minus_bid() -> None:
    assert spread(np.array([99.95]), np.array([100.15])).tolist() == [0.2]


def test_imbalance_of_an_empty_book_is_unknown() -> None:
    found = imbalance(np.array([300.0, 0.0, np.nan]), np.array([100.0, 0.0, 5.0]))
    assert found[0] == 0.5
    assert np.isnan(found[1:]).all()
