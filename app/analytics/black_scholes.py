"""Black–Scholes value and greeks of European options on an index, vectorised.

Formulas: F. Black and M. Scholes, "The Pricing of Options and Corporate Liabilities", Journal of
Political Economy 81 (1973); greeks as in J. Hull, "Options, Futures, and Other Derivatives".
No dividend yield. Spots, strikes and values are in index points (INR), volatilities are fractions
a year (0.12 = 12 %), times are in years of 365 days. Arguments broadcast; NaN in, NaN out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from db.market.limits import ASSUMED_RATE

RATE = ASSUMED_RATE
"""Continuously compounded rate a year, as the legacy program uses."""

YEAR_S = 365 * 24 * 3600
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Greeks:
    """Sensitivities of one unit; arrays of one shape.

    `delta` per point of spot, `gamma` per point squared, `theta` INR per calendar day, `vega` INR
    per percentage point of volatility, `vanna` change of delta per percentage point of volatility,
    `charm` change of delta per calendar day.
    """

    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    vanna: Floats
    charm: Floats


def price(
    is_call: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    rate: float = RATE,
) -> Floats:
    """Value of one unit; at or after expiry (years <= 0) what exercising it pays."""
    from scipy.special import ndtr

    call, s, k, t, sigma = _broadcast(is_call, spot, strike, years, volatility)
    sign = np.where(call, 1.0, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1, d2 = _d1_d2(s, k, t, sigma, rate)
        discounted = k * np.exp(-rate * t)
        value = sign * (s * ndtr(sign * d1) - discounted * ndtr(sign * d2))
    paid = np.maximum(sign * (s - k), 0.0)
    result: Floats = np.where(t > 0, np.maximum(value, 0.0), np.where(np.isnan(t), np.nan, paid))
    return result


def greeks(
    is_call: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    rate: float = RATE,
) -> Greeks:
    """Sensitivities at the given volatility; NaN at or after expiry and where it is unknown."""
    from scipy.special import ndtr

    call, s, k, t, sigma = _broadcast(is_call, spot, strike, years, volatility)
    t = np.where(t > 0, t, np.nan)
    sign = np.where(call, 1.0, -1.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        d1, d2 = _d1_d2(s, k, t, sigma, rate)
        density = np.exp(-0.5 * d1 * d1) / np.sqrt(2 * np.pi)
        root_t = np.sqrt(t)
        decay = -s * density * sigma / (2 * root_t)
        carry = sign * rate * k * np.exp(-rate * t) * ndtr(sign * d2)
        return Greeks(
            delta=sign * ndtr(sign * d1),
            gamma=density / (s * sigma * root_t),
            theta=(decay - carry) / 365,
            vega=s * density * root_t / 100,
            vanna=-density * d2 / sigma / 100,
            charm=-density * (rate / (sigma * root_t) - d2 / (2 * t)) / 365,
        )


def years_to_expiry(seconds: ArrayLike) -> Floats:
    """Years of 365 days in a number of seconds."""
    return np.asarray(seconds, dtype=np.float64) / YEAR_S


def _d1_d2(s: Floats, k: Floats, t: Floats, sigma: Floats, rate: float) -> tuple[Floats, Floats]:
    deviation = sigma * np.sqrt(t)
    d1: Floats = (np.log(s / k) + (rate + 0.5 * sigma * sigma) * t) / deviation
    return d1, d1 - deviation


def _broadcast(
    is_call: ArrayLike, *numbers: ArrayLike
) -> tuple[Bools, Floats, Floats, Floats, Floats]:
    arrays = [np.asarray(n, dtype=np.float64) for n in numbers]
    call, *floats = np.broadcast_arrays(np.asarray(is_call, dtype=np.bool_), *arrays)
    s, k, t, sigma = floats
    return call, s, k, t, sigma
