"""Values, greeks and implied volatility against published figures and finite differences."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.black_scholes import greeks, price, years_to_expiry
from app.analytics.implied_volatility import implied_volatility


def test_price_matches_the_textbook_example() -> None:
    """J. Hull, "Options, Futures, and Other Derivatives", the Black–Scholes example: 4.76, 0.81."""
    call, put = price([True, False], 42.0, 40.0, 0.5, 0.2, rate=0.1)
    assert call == pytest.approx(4.7594, abs=1e-4)
    assert put == pytest.approx(0.8086, abs=1e-4)


def test_price_agrees_with_an_integral_over_the_lognormal_density() -> None:
    spot, strike, years, volatility, rate = 26_000.0, 26_150.0, 5 / 365, 0.11, 0.10
    z = np.linspace(-9, 9, 400_001)
    drift = (rate - volatility**2 / 2) * years
    terminal = spot * np.exp(drift + volatility * math.sqrt(years) * z)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    paid = np.maximum(terminal - strike, 0) * density
    expected = math.exp(-rate * years) * np.sum((paid[1:] + paid[:-1]) / 2) * (z[1] - z[0])
    assert float(price(True, spot, strike, years, volatility)) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(
    strike=st.floats(20_000, 32_000),
    days=st.floats(0.01, 60),
    volatility=st.floats(0.03, 2.0),
)
def test_calls_and_puts_keep_parity(strike: float, days: float, volatility: float) -> None:
    years = days / 365
    call, put = price([True, False], 26_000.0, strike, years, volatility)
    assert call - put == pytest.approx(26_000.0 - strike * math.exp(-0.1 * years), abs=1e-6)


def test_at_expiry_an_option_is_worth_what_exercise_pays() -> None:
    values = price([True, True, False, False], 100.0, [90.0, 110.0, 90.0, 110.0], 0.0, 0.2)
    assert values.tolist() == [10.0, 0.0, 0.0, 10.0]


def test_unknown_input_gives_an_unknown_price() -> None:
    assert np.isnan(price(True, [np.nan, 100.0], 100.0, [0.1, np.nan], 0.2)).all()


@pytest.mark.parametrize("is_call", [True, False])
def test_greeks_are_the_slopes_of_the_price(is_call: bool) -> None:
    spot, strike, years, sigma = 26_000.0, 26_200.0, 4 / 365, 0.12

    def value(s: float = spot, t: float = years, v: float = sigma) -> float:
        return float(price(is_call, s, strike, t, v))

    def delta(t: float = years, v: float = sigma) -> float:
        return (value(spot + 1, t, v) - value(spot - 1, t, v)) / 2

    found = greeks(is_call, spot, strike, years, sigma)
    day = 1 / 365
    assert found.delta == pytest.approx(delta(), rel=1e-4)
    second = (value(spot + 5) - 2 * value(spot) + value(spot - 5)) / 25
    assert found.gamma == pytest.approx(second, rel=1e-3)
    assert found.theta == pytest.approx(
        (value(t=years - day / 100) - value(t=years + day / 100)) * 50, rel=1e-3
    )
    assert found.vega == pytest.approx(
        (value(v=sigma + 1e-4) - value(v=sigma - 1e-4)) / 2e-2, rel=1e-4
    )
    assert found.vanna == pytest.approx(
        (delta(v=sigma + 1e-4) - delta(v=sigma - 1e-4)) / 2e-2, rel=1e-3
    )
    assert found.charm == pytest.approx(
        (delta(t=years - day / 100) - delta(t=years + day / 100)) * 50, rel=1e-2
    )


def test_greeks_of_an_expired_option_are_unknown() -> None:
    assert np.isnan(greeks(True, 100.0, 100.0, 0.0, 0.2).delta)


@settings(deadline=None)
@given(
    is_call=st.booleans(),
    strike=st.floats(22_000, 30_000),
    days=st.floats(0.02, 60),
    volatility=st.floats(0.02, 3.0),
)
def test_implied_volatility_gives_the_price_back(
    is_call: bool, strike: float, days: float, volatility: float
) -> None:
    years = days / 365
    observed = price(is_call, 26_000.0, strike, years, volatility)
    time_value = float(price(not is_call, 26_000.0, strike, years, volatility))
    found = implied_volatility(is_call, observed, 26_000.0, strike, years)
    if min(float(observed), time_value) > 0.01:
        assert float(found) == pytest.approx(volatility, rel=1e-4)
    if np.isfinite(found):
        assert float(price(is_call, 26_000.0, strike, years, found)) == pytest.approx(
            float(observed), rel=1e-6, abs=1e-6
        )


@settings(deadline=None)
@given(
    is_call=st.booleans(),
    observed=st.floats(0, 1e7),
    spot=st.floats(0.01, 1e7),
    strike=st.floats(0.01, 1e7),
    years=st.floats(0, 12),
)
def test_implied_volatility_of_any_price_is_a_number_or_unknown(
    is_call: bool, observed: float, spot: float, strike: float, years: float
) -> None:
    found = float(implied_volatility(is_call, observed, spot, strike, years))
    assert np.isnan(found) or 1e-4 <= found <= 10
    assert np.shape(greeks(is_call, spot, strike, years, found).vega) == ()


def test_implied_volatility_of_the_textbook_example() -> None:
    """J. Hull: a call at 1.875 with S = 21, K = 20, r = 10 %, T = 0.25 implies 23.5 %."""
    assert float(implied_volatility(True, 1.875, 21.0, 20.0, 0.25)) == pytest.approx(
        0.2345, abs=1e-4
    )


@pytest.mark.parametrize(
    ("is_call", "observed", "strike", "years"),
    [
        (True, 0.0, 26_000.0, 0.01),
        (True, -1.0, 26_000.0, 0.01),
        (True, 26_001.0, 26_000.0, 0.01),
        (False, 26_001.0, 26_000.0, 0.01),
        (True, 999.0, 25_000.0, 0.01),
        (False, 10.0, 27_000.0, 0.01),
        (True, 50.0, 26_000.0, 0.0),
        (True, math.nan, 26_000.0, 0.01),
        (True, math.inf, 26_000.0, 0.01),
        (True, 50.0, 0.0, 0.01),
        (True, 50.0, -5.0, 0.01),
    ],
)
def test_no_volatility_explains_an_impossible_price(
    is_call: bool, observed: float, strike: float, years: float
) -> None:
    assert np.isnan(implied_volatility(is_call, observed, 26_000.0, strike, years))


def test_implied_volatility_keeps_the_shape_and_marks_only_the_unsolvable() -> None:
    observed = np.array([[100.0, -1.0], [np.nan, 120.0]])
    found = implied_volatility(True, observed, 26_000.0, 26_000.0, 5 / 365)
    assert np.isnan(found).tolist() == [[False, True], [True, False]]


def test_a_year_has_365_days() -> None:
    assert years_to_expiry(365 * 86_400) == 1.0
