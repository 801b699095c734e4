"""Implied volatility of many prices at once, to a hundredth of a percentage point.

`app.analytics.implied_volatility` solves to ten digits and takes some fifty times as long; history
by the million rows needs what is stored of it, two decimals of a percentage.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import RATE, Bools, Floats

Singles = NDArray[np.float32]

_CELL_BITS = 7
_SHIFT = 23 - _CELL_BITS
_LEAST, _MOST = 2.0**-32, 2.0**32
_LOWEST, _HIGHEST = 1e-4, 10.0
_SHORTEST_YEARS = 1e-9


def implied_volatilities(
    is_call: Bools, price: Floats, spot: Floats, strike: Floats, years: Floats
) -> Floats:
    """Volatility (m, n) as a fraction a year of prices (m, n) at spots and times (m,).

    NaN where `implied_volatility` has none. Bachelier's deviation at which the out-of-the-money
    side has its normalised value follows from one ratio by a table (after P. Jäckel, "Implied
    Normal Volatility", 2017); the next term of the expansion in the deviation makes it Black's.
    """
    years = np.where(years > _SHORTEST_YEARS, years, np.nan)[:, None]
    discounted = strike * np.exp(-RATE * years)
    paid = spot[:, None] - discounted
    paid *= np.where(is_call, 1.0, -1.0)
    value = price - np.maximum(paid, 0.0, out=paid)
    value /= np.sqrt(spot[:, None] * discounted)
    small = value.astype(np.float32)
    distance = (np.log(spot)[:, None] + RATE * years - np.log(strike)).astype(np.float32)
    np.abs(distance, out=distance)
    np.maximum(distance, np.float32(1e-9), out=distance)
    deviation = _deviation(small, distance)
    deviation /= np.sqrt(years).astype(np.float32)
    unsolvable = ~((small > 0) & (deviation >= _LOWEST) & (deviation <= _HIGHEST))
    found = deviation.astype(np.float64)
    found[unsolvable] = np.nan
    return found


def _deviation(value: Singles, distance: Singles) -> Singles:
    ratio = np.divide(value, distance)
    np.clip(ratio, np.float32(_LEAST), np.float32(_MOST), out=ratio)
    np.copyto(ratio, np.float32(1), where=np.isnan(ratio))
    bits = ratio.view(np.int32)
    part = (bits & ((1 << _SHIFT) - 1)).astype(np.float32)
    part *= np.float32(2.0**-_SHIFT)
    scale, slope, further = _table()
    cell = (bits >> _SHIFT).astype(np.intp)
    cell -= _first_cell()
    part *= np.take(slope, cell, mode="clip")
    part += np.take(scale, cell, mode="clip")
    part *= value + distance
    correction = np.take(further, cell, mode="clip")
    correction *= part
    correction *= part
    correction += 1
    part *= correction
    return part


def _first_cell() -> int:
    return int(np.float32(_LEAST).view(np.int32)) >> _SHIFT


@lru_cache(maxsize=1)
def _table() -> tuple[Singles, Singles, Singles]:
    """By ratio v = value / distance, a cell a 128th of an octave: deviation / (value + distance) in
    Bachelier's model, its change to the next cell, and Black's relative term in deviation².

    With z = distance / deviation, v = φ(z) / z − N(−z).
    """
    from scipy.special import ndtr

    cells = np.arange(_first_cell(), (int(np.float32(_MOST).view(np.int32)) >> _SHIFT) + 2)
    v = (cells << _SHIFT).astype(np.int32).view(np.float32).astype(np.float64)
    low, high = np.full(len(v), 1e-12), np.full(len(v), 12.0)
    for _ in range(120):
        z = np.sqrt(low * high)
        above = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) / z - ndtr(-z) > v
        low, high = np.where(above, z, low), np.where(above, high, z)
    mills = ndtr(-z) * np.sqrt(2 * np.pi) * np.exp(z * z / 2)
    further = (z**3 * mills - z * z + 1) / 24
    scale = 1 / (z * (1 + v))
    return (
        scale[:-1].astype(np.float32),
        np.diff(scale).astype(np.float32),
        further[:-1].astype(np.float32),
    )
