"""The volatility at which Black–Scholes gives an observed price, vectorised and safeguarded."""

import numpy as np
from numpy.typing import ArrayLike

from app.analytics.black_scholes import RATE, Bools, Floats

_LOWEST = 1e-4
_HIGHEST = 10.0
_SHORTEST_YEARS = 1e-9
_MAX_STEPS = 64
_PRECISION = 1e-10


def implied_volatility(
    is_call: ArrayLike,
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike = RATE,
) -> Floats:
    """Volatility as a fraction a year; NaN where no volatility gives that price.

    There is none at or after expiry, for a price at or below the discounted intrinsic value, at or
    above the arbitrage bound (the spot for a call, the discounted strike for a put), or outside
    0.01 % to 1000 %. Arguments broadcast; prices in INR, `years` of 365 days. A forward for `spot`,
    a rate of 0 and an undiscounted price give Black's volatility (F. Black, "The Pricing of
    Commodity Contracts", Journal of Financial Economics 3, 1976).

    Newton's method from the inflection point of price against volatility, where it converges
    monotonically (S. Manaster and G. Koehler, "The Calculation of Implied Variances from the
    Black-Scholes Model", Journal of Finance 37, 1982), on the out-of-the-money side of put–call
    parity, in the logarithm of the price below that point (P. Jäckel, "Let's Be Rational", Wilmott,
    January 2015), and kept inside a shrinking bracket by bisection.
    """
    arrays = (np.asarray(a, dtype=np.float64) for a in (price, spot, strike, years, rate))
    call, p, s, k, t, r = np.broadcast_arrays(np.asarray(is_call, dtype=np.bool_), *arrays)
    result: Floats = np.full(p.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.isfinite(p) & (s > 0) & (k > 0) & (t > _SHORTEST_YEARS)
        discounted = k * np.exp(-r * t)
        value, moneyness = _normalised(call, p, s, discounted)
        solvable = known & (value > 0) & (value < np.exp(-np.abs(moneyness) / 2))
    if solvable.any():
        root_t = np.sqrt(t[solvable])
        result[solvable] = _solve(value[solvable], np.abs(moneyness[solvable]), root_t)
    return result


def _normalised(call: Bools, p: Floats, s: Floats, discounted: Floats) -> tuple[Floats, Floats]:
    """The price of the out-of-the-money side over √(S·K·e^−rT), and ln(S / K·e^−rT)."""
    moneyness: Floats = np.log(s / discounted)
    intrinsic = np.maximum(np.where(call, s - discounted, discounted - s), 0.0)
    value: Floats = (p - intrinsic) / np.sqrt(s * discounted)
    return value, moneyness


def _solve(value: Floats, distance: Floats, root_t: Floats) -> Floats:
    low, high = _LOWEST * root_t, _HIGHEST * root_t
    deviation = np.clip(np.sqrt(2 * distance), low, high)
    deviation = np.where(distance == 0, np.clip(value * np.sqrt(2 * np.pi), low, high), deviation)
    # in its tail the price is so flat that only its logarithm is a line
    in_the_tail = value < _out_of_the_money(distance, deviation)[0]
    for _ in range(_MAX_STEPS):
        found, slope = _out_of_the_money(distance, deviation)
        error = found - value
        low = np.where(error < 0, deviation, low)
        high = np.where(error > 0, deviation, high)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            by_value = error / slope
            by_logarithm = np.log(found / value) * found / slope
            step = deviation - np.where(in_the_tail, by_logarithm, by_value)
        # at the root a step may end where it began, on an end of the bracket
        inside = (step >= low) & (step <= high)
        following = np.where(error == 0, deviation, np.where(inside, step, (low + high) / 2))
        settled = np.abs(following - deviation) <= _PRECISION * deviation
        deviation = following
        if settled.all():
            break
    found, _ = _out_of_the_money(distance, deviation)
    exact = np.abs(found - value) <= 1e-6 * value
    result: Floats = np.where(exact, deviation / root_t, np.nan)
    return result


def _out_of_the_money(distance: Floats, deviation: Floats) -> tuple[Floats, Floats]:
    """Normalised value and its derivative, `distance` ≥ 0 standing for out of the money."""
    from scipy.special import ndtr

    d1 = -distance / deviation + deviation / 2
    d2 = d1 - deviation
    half = np.exp(-distance / 2)
    value: Floats = half * ndtr(d1) - ndtr(d2) / half
    slope: Floats = half * np.exp(-0.5 * d1 * d1) / np.sqrt(2 * np.pi)
    return value, slope
