"""Forward, discounting and volatility by put–call parity, from chains of which they are known."""

import math
from statistics import NormalDist, median

import numpy as np
import pytest

from app.analytics.black_scholes import RATE, Floats, price
from app.analytics.forward import discounted, parity
from app.analytics.implied_volatility import implied_volatility

STRIKES = np.arange(25_500.0, 26_501.0, 50.0)
STRIKE = np.repeat(STRIKES, 2)
IS_CALL = np.tile([True, False], len(STRIKES))
YEARS = 5 / 365
DISCOUNT = math.exp(-RATE * YEARS)
UNKNOWN = np.full(len(STRIKE), np.nan)


def values(forward: float) -> Floats:
    return price(IS_CALL, float(discounted(forward, YEARS)), STRIKE, YEARS, 0.11)


def found(
    ltp: Floats, bid: Floats = UNKNOWN, ask: Floats = UNKNOWN, strike: Floats = STRIKE
) -> float:
    return float(parity(strike, IS_CALL, ltp, bid, ask, YEARS).forward)


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
    shuffled = parity(STRIKE[order], IS_CALL[order], ltp, UNKNOWN, UNKNOWN, YEARS)
    assert float(shuffled.forward) == pytest.approx(26_010.0, abs=1e-6)


def test_nothing_to_compute_from_is_unknown() -> None:
    assert np.isnan(found(UNKNOWN))
    assert np.isnan(found(np.where(IS_CALL, values(26_000.0), np.nan)))
    assert np.isnan(found(np.zeros(len(STRIKE))))
    nothing = np.array([])
    without = parity(nothing, nothing.astype(bool), nothing, nothing, nothing, YEARS)
    assert np.isnan(without.forward)
    assert without.discount == 1.0


def test_a_strike_that_lists_one_side_only_has_no_say() -> None:
    strike = STRIKE + np.where(IS_CALL, 0.0, 10_000.0)
    assert np.isnan(found(values(26_000.0), strike=strike))


def test_many_instants_at_once_equal_each_alone() -> None:
    ltp = np.stack([values(25_900.0), UNKNOWN, values(26_100.0)])
    quotes = np.full(ltp.shape, np.nan)
    together = parity(STRIKE, IS_CALL, ltp, quotes, quotes, np.full(3, YEARS))
    assert together.discount == pytest.approx([DISCOUNT, 1.0, DISCOUNT], abs=1e-9)
    assert together.forward == pytest.approx([25_900.0, np.nan, 26_100.0], nan_ok=True)


def test_an_expired_chain_still_has_a_forward() -> None:
    ltp = np.maximum(np.where(IS_CALL, 1, -1) * (26_010.0 - STRIKE), 0.05)
    at_expiry = parity(STRIKE, IS_CALL, ltp, UNKNOWN, UNKNOWN, 0.0)
    assert at_expiry.discount == 1.0
    assert float(at_expiry.forward) == pytest.approx(26_010.0, abs=0.06)


def test_a_forward_is_discounted_at_the_rate() -> None:
    assert float(discounted(26_000.0, 0.5)) == pytest.approx(26_000.0 * np.exp(-RATE / 2))
    assert float(discounted(26_000.0, -1.0)) == 26_000.0


def black(is_call: bool, forward: float, strike: float, deviation: float, discount: float) -> float:
    """Black's value of one unit, a contract at a time."""
    cdf = NormalDist().cdf
    d1 = math.log(forward / strike) / deviation + deviation / 2
    call = discount * (forward * cdf(d1) - strike * cdf(d1 - deviation))
    return call if is_call else call - discount * (forward - strike)


def slow_volatility(
    is_call: bool, ltp: float, forward: float, strike: float, years: float, discount: float
) -> float:
    """By halving, in percent: which volatility gives that price."""
    low, high = 1e-4, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        if black(is_call, forward, strike, middle * math.sqrt(years), discount) < ltp:
            low = middle
        else:
            high = middle
    return 50 * (low + high)


def slow_slope(ltp: Floats) -> float:
    """The discounting by every pair of the sixteen strikes at which call and put differ least."""
    difference = dict(zip(STRIKES, ltp[IS_CALL] - ltp[~IS_CALL], strict=True))
    nearest = sorted(difference, key=lambda strike: (abs(difference[strike]), strike))[:16]
    return median(
        (difference[a] - difference[b]) / (b - a) for a in nearest for b in nearest if a < b
    )


@pytest.mark.parametrize("rate", [0.0, 0.043, 0.1])
def test_on_the_forward_calls_and_puts_of_a_sound_chain_have_one_volatility(rate: float) -> None:
    """Whatever rate the market counts on, and though volatility differs by strike."""
    years, forward = 30 / 365, 26_104.35
    discount = math.exp(-rate * years)
    smile = 0.10 + 0.4 * np.log(STRIKE / forward) ** 2 - 0.15 * np.log(STRIKE / forward)
    ltp = np.array(
        [
            black(bool(call), forward, strike, sigma * math.sqrt(years), discount)
            for call, strike, sigma in zip(IS_CALL, STRIKE, smile, strict=True)
        ]
    )
    known = parity(STRIKE, IS_CALL, ltp, UNKNOWN, UNKNOWN, years)
    assert float(known.forward) == pytest.approx(forward, abs=1e-6)
    assert float(known.discount) == pytest.approx(discount, abs=1e-9)
    assert float(known.discount) == pytest.approx(slow_slope(ltp), abs=1e-12)
    found = 100 * implied_volatility(
        IS_CALL, ltp / known.discount, known.forward, STRIKE, years, rate=0.0
    )
    slow = [
        slow_volatility(bool(call), price, forward, strike, years, discount)
        for call, price, strike in zip(IS_CALL, ltp, STRIKE, strict=True)
    ]
    assert found == pytest.approx(slow, abs=1e-5)
    assert found[IS_CALL] == pytest.approx(found[~IS_CALL], abs=1e-5)


@pytest.mark.parametrize("seed", [0, 3, 5, 7, 8])
def test_prices_in_ticks_days_before_expiry_do_not_tell_the_discounting(seed: int) -> None:
    """Trades at bid or ask blur the slope by more than a few days of any rate are."""
    noise = np.random.default_rng(seed).normal(0.0, 1.0, len(STRIKE))
    known = parity(STRIKE, IS_CALL, values(26_010.0) + 400 + noise, UNKNOWN, UNKNOWN, YEARS)
    assert known.discount == 1.0
    assert float(known.forward) == pytest.approx(26_010.0, abs=3.0)


def test_a_slope_that_is_no_discounting_is_not_taken_for_one() -> None:
    """More than 20 % a year, or worth more later than now."""
    for slope in (0.9, 1.001):
        ltp = np.where(IS_CALL, 2000 - slope * (STRIKE - 26_000), 2000.0)
        assert parity(STRIKE, IS_CALL, ltp, UNKNOWN, UNKNOWN, YEARS).discount == 1.0


def test_two_strikes_do_not_tell_the_discounting() -> None:
    few = STRIKE < 25_600
    ltp = values(25_540.0)[few]
    known = parity(STRIKE[few], IS_CALL[few], ltp, ltp * np.nan, ltp * np.nan, YEARS)
    assert known.discount == 1.0
    assert float(known.forward) == pytest.approx(25_540.0, abs=0.1)
