"""What the neighbouring strikes say of a contract's volatility."""

import numpy as np

from app.analytics.black_scholes import Bools, Floats


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
