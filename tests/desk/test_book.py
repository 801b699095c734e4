"""What fills of one contract come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.paper.book import Holding, unrealised

Dealt = list[tuple[int, float]]

DEALS = st.lists(
    st.tuples(
        st.integers(-1000, 1000).filter(bool),
        st.integers(1, 100_000).map(lambda ticks: ticks / 20),
    ),
    max_size=40,
)


def held(*dealt: tuple[int, float]) -> Holding:
    holding = Holding()
    for units, price in dealt:
        holding = holding.after(units, price)
    return holding


def test_what_is_added_is_averaged_and_realises_nothing() -> None:
    assert held((65, 100.0), (130, 130.0)) == Holding(195, 120.0, 0.0)
    assert held((-65, 100.0), (-65, 90.0)) == Holding(-130, 95.0, 0.0)


def test_what_is_closed_is_closed_at_the_average_price() -> None:
    assert held((65, 100.0), (65, 120.0), (-65, 130.0)) == Holding(65, 110.0, 65 * 20.0)
    assert held((-65, 100.0), (65, 90.0)) == Holding(0, None, 650.0)


def test_what_goes_beyond_zero_opens_anew_at_its_own_price() -> None:
    assert held((65, 100.0), (-195, 90.0)) == Holding(-130, 90.0, -650.0)


def test_what_cannot_be_closed_at_a_known_price_is_unknown() -> None:
    assert unrealised(held((65, 100.0)), None) is None
    assert unrealised(held((-65, 100.0)), 90.0) == 650.0
    assert unrealised(Holding(), None) == 0.0


@given(DEALS, st.integers(1, 100_000).map(lambda ticks: ticks / 20))
def test_realised_and_unrealised_are_what_the_money_says(dealt: Dealt, price: float) -> None:
    holding = held(*dealt)
    paid = sum(units * at for units, at in dealt)
    assert holding.units == sum(units for units, _ in dealt)
    assert (holding.average_price is None) == (holding.units == 0)
    worth = holding.units * price - paid
    left = unrealised(holding, price)
    assert left is not None
    assert holding.realised + left == pytest.approx(worth, abs=0.01)


@given(DEALS)
def test_an_average_lies_among_the_prices_that_were_dealt(dealt: Dealt) -> None:
    average = held(*dealt).average_price
    prices = [price for _, price in dealt]
    assert average is None or min(prices) - 1e-6 <= average <= max(prices) + 1e-6
