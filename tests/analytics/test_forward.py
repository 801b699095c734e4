"""The forward by put–call parity, from chains whose forward is known."""

import numpy as np
import pytest

from app.analytics.black_scholes import RATE, Floats, price
from app.analytics.forward import discounted, parity_forward

STRIKES = np.arange(25_500.0, 26_501.0, 50.0)
STRIKE = np.repeat(STRIKES, 2)
IS_CALL = np.tile([True, False], len(STRIKES))
YEARS = 5 / 365
UNKNOWN = np.full(len(STRIKE), np.nan)


def values(forward: float) -> Floats:
    return price(IS_CALL, float(discounted(forward, YEARS)), STRIKE, YEARS, 0.11)


def found(
    ltp: Floats, bid: Floats = UNKNOWN, ask: Floats = UNKNOWN, strike: Floats = STRIKE
) -> float:
    return float(parity_forward(strike, IS_CALL, ltp, bid, ask, YEARS))


@pytest.mark.parametrize("forward", [25_510.0, 25_999.0, 26_012.35, 26_490.0])
def test_the_forward_is_the_one_that_prices_were_made_from(forward: float) -> None:
    assert found(values(forward)) == pytest.approx(forward, abs=1e-6)
    assert found(UNKNOWN, values(forward) - 0.5, values(forward) + 0.5) == pytest.approx(forward)


def test_quotes_of_both_sides_go_before_last_prices() -> None:
    stale = values(25_800.0)
    assert found(stale, values(26_000.0) - 1, values(26_000.0) + 1) == pytest.approx(26_000.0)


def test_a_market_that_quotes_one_side_only_is_no_quote() -> None:
    bid = np.where(IS_CALL, values(26_300.0), np.nan)
    assert found(values(26_000.0), bid, bid + 1) == pytest.approx(26_000.0, abs=1e-6)


def test_crossed_and_empty_quotes_do_not_count() -> None:
    bid, ask = values(26_300.0), values(26_300.0) - 1
    assert found(values(26_000.0), bid, ask) == pytest.approx(26_000.0, abs=1e-6)
    zero = np.zeros(len(STRIKE))
    assert found(values(26_000.0), zero, zero) == pytest.approx(26_000.0, abs=1e-6)


def test_one_wild_price_does_not_move_it() -> None:
    ltp = values(26_010.0)
    ltp[STRIKE == 26_000] = [900.0, 899.0]
    assert found(ltp) == pytest.approx(26_010.0, abs=1e-6)


def test_contracts_may_come_in_any_order() -> None:
    order = np.random.default_rng(3).permutation(len(STRIKE))
    ltp = values(26_010.0)[order]
    shuffled = parity_forward(STRIKE[order], IS_CALL[order], ltp, UNKNOWN, UNKNOWN, YEARS)
    assert float(shuffled) == pytest.approx(26_010.0, abs=1e-6)


def test_nothing_to_compute_from_is_unknown() -> None:
    assert np.isnan(found(UNKNOWN))
    assert np.isnan(found(np.where(IS_CALL, values(26_000.0), np.nan)))
    assert np.isnan(found(np.zeros(len(STRIKE))))
    nothing = np.array([])
    assert np.isnan(parity_forward(nothing, nothing.astype(bool), nothing, nothing, nothing, YEARS))


def test_a_strike_that_lists_one_side_only_has_no_say() -> None:
    strike = STRIKE + np.where(IS_CALL, 0.0, 10_000.0)
    assert np.isnan(found(values(26_000.0), strike=strike))


def test_many_instants_at_once_equal_each_alone() -> None:
    ltp = np.stack([values(25_900.0), UNKNOWN, values(26_100.0)])
    quotes = np.full(ltp.shape, np.nan)
    together = parity_forward(STRIKE, IS_CALL, ltp, quotes, quotes, np.full(3, YEARS))
    assert together == pytest.approx([25_900.0, np.nan, 26_100.0], nan_ok=True)


def test_an_expired_chain_still_has_a_forward() -> None:
    ltp = np.maximum(np.where(IS_CALL, 1, -1) * (26_010.0 - STRIKE), 0.05)
    at_expiry = parity_forward(STRIKE, IS_CALL, ltp, UNKNOWN, UNKNOWN, 0.0)
    assert float(at_expiry) == pytest.approx(26_010.0, abs=0.06)


def test_a_forward_is_discounted_at_the_rate() -> None:
    assert float(discounted(26_000.0, 0.5)) == pytest.approx(26_000.0 * np.exp(-RATE / 2))
    assert float(discounted(26_000.0, -1.0)) == 26_000.0
