"""How volatility lies over the strikes: what the neighbours of one say of it, and how it leans."""

import numpy as np

from app.analytics.black_scholes import Bools, Floats
from app.analytics.forward import pairs

_WIDEST = 0.3


def neighbours_volatility(strike: Floats, is_call: Bools, volatility: Floats) -> Floats:
    """Volatility at each contract (n,), interpolated from the nearest strikes on either side.

    Calls look at calls and puts at puts, so that a rate that differs from the market's does not
    show as a mispricing. A contract's own volatility does not count; NaN at the ends of the solved
    strikes.
    """
    found = np.full(len(strike), np.nan)
    for side in (is_call, ~is_call):
        place = np.flatnonzero(side)
        place = place[np.argsort(strike[place], kind="stable")]
        found[place] = _between(strike[place], volatility[place])
    return found


def skew(strike: Floats, is_call: Bools, volatility: Floats, delta: Floats) -> Floats:
    """How much dearer a fall is than a rise: IV of the 25-delta put less that of the 25-delta call,
    as a share of IV at 50 delta.

    S. Mixon, "What Does Implied Volatility Skew Measure?", Journal of Derivatives 18 (2011), finds
    it the least mixed up with the level of volatility. `strike` and `is_call` are (n,),
    `volatility` (…, n), `delta` broadcasts to it; the answer is (…), NaN where strikes with both
    sides do not enclose these deltas.
    """
    strikes, calls, puts = pairs(strike, is_call)
    if len(strikes) == 0:
        return np.full(volatility.shape[:-1], np.nan)
    up, down = delta[..., calls], -delta[..., puts]
    # an error of the spot or the rate moves a call's volatility by its delta over vega, a put's by
    # its own: weighted by each other's the two cancel, as a call's delta less its put's is one
    weighed = down * volatility[..., calls] + up * volatility[..., puts]
    with np.errstate(invalid="ignore", divide="ignore"):
        level = weighed / (up + down)
    place = np.broadcast_to((up + 1 - down) / 2, level.shape)
    fall, middle, rise = (_at_delta(place, level, wanted) for wanted in (0.75, 0.5, 0.25))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(middle > 0, (fall - rise) / middle, np.nan)


def _at_delta(place: Floats, level: Floats, wanted: float) -> Floats:
    """Linear between the strikes (…, n) on whose call deltas, which fall, `wanted` lies."""
    order, count = np.arange(place.shape[-1]), place.shape[-1]
    known = np.isfinite(place) & np.isfinite(level)
    left = np.where(known & (place >= wanted), order, -1).max(axis=-1, keepdims=True)
    right = np.where(known & (place < wanted) & (order > left), order, count)
    right = right.min(axis=-1, keepdims=True)
    inside = (left >= 0) & (right < count)
    ends = np.where(inside, left, 0), np.where(inside, right, 0)
    high, low = (np.take_along_axis(place, end, axis=-1) for end in ends)
    first, last = (np.take_along_axis(level, end, axis=-1) for end in ends)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = first + (high - wanted) / (high - low) * (last - first)
    return np.where(inside & (high - low <= _WIDEST), found, np.nan)[..., 0]


def _between(strike: Floats, volatility: Floats) -> Floats:
    """Linear interpolation that leaves each point out; `strike` ascends."""
    places, known = np.arange(len(strike)), np.isfinite(volatility)
    below = np.maximum.accumulate(np.where(known, places, -1))
    below = np.concatenate([[-1], below[:-1]]) if len(places) else below
    above = np.where(known, places, len(places))[::-1]
    above = np.minimum.accumulate(above)[::-1]
    above = np.concatenate([above[1:], [len(places)]]) if len(places) else above
    inside = (below >= 0) & (above < len(places))
    low, high = np.where(inside, below, 0), np.where(inside, above, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (strike - strike[low]) / (strike[high] - strike[low])
        mixed = volatility[low] + share * (volatility[high] - volatility[low])
    return np.where(inside, mixed, np.nan)
