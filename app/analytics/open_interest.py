"""Open interest: its change, the put–call ratio, max pain.

A chain is parallel arrays along the last axis, one entry a contract; leading axes (instants) are
kept. NaN is an unknown quantity: it counts for nothing in a sum and makes a change unknown.
"""

import numpy as np
from numpy.typing import ArrayLike

from app.analytics.black_scholes import Bools, Floats


def absolute_change(quantity: ArrayLike, baseline: ArrayLike) -> Floats:
    """Quantity minus baseline, in units."""
    return np.asarray(quantity, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)


def percent_change(quantity: ArrayLike, baseline: ArrayLike) -> Floats:
    """Change in percent of the baseline; NaN where the baseline is zero or unknown."""
    base = np.asarray(baseline, dtype=np.float64)
    base = np.where(base > 0, base, np.nan)
    return absolute_change(quantity, base) / base * 100


def put_call_ratio(is_call: Bools, quantity: ArrayLike) -> Floats:
    """Σ puts / Σ calls of OI or volume; NaN where the calls hold nothing.

    `quantity` is (…, contracts); the answer (…).
    """
    held = np.nan_to_num(np.asarray(quantity, dtype=np.float64))
    calls = held[..., is_call].sum(axis=-1)
    puts = held[..., ~is_call].sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(calls > 0, puts / calls, np.nan)


def max_pain(strike: ArrayLike, is_call: Bools, oi: ArrayLike) -> Floats:
    """The listed strike at which expiring options pay their holders least; NaN without any OI.

    `strike` is (contracts,) in any order, `oi` (…, contracts) in units; the answer (…). The payout
    at a settlement K is Σ call OI · max(K − strike, 0) + Σ put OI · max(strike − K, 0); of equal
    ones the lowest strike wins. Linear in the number of strikes: the slope of the payout from one
    strike to the next is the call OI at or below minus the put OI above.

    Definition: https://www.investopedia.com/terms/m/maxpain.asp
    """
    held = np.nan_to_num(np.asarray(oi, dtype=np.float64))
    strikes, calls, puts = _by_strike(np.asarray(strike, dtype=np.float64), is_call, held)
    if len(strikes) == 0:
        return np.full(held.shape[:-1], np.nan)
    puts_above = puts.sum(axis=-1, keepdims=True) - np.cumsum(puts, axis=-1)
    slope = np.cumsum(calls, axis=-1) - puts_above
    payout = np.zeros_like(slope)
    payout[..., 1:] = np.cumsum(slope[..., :-1] * np.diff(strikes), axis=-1)
    least = strikes[np.argmin(payout, axis=-1)]
    return np.where(held.sum(axis=-1) > 0, least, np.nan)


def _by_strike(strike: Floats, is_call: Bools, held: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct strikes ascending, with the call and the put quantity at each."""
    strikes = np.unique(strike)
    belongs = (strike[:, None] == strikes).astype(np.float64)
    calls = held[..., is_call] @ belongs[is_call]
    puts = held[..., ~is_call] @ belongs[~is_call]
    return strikes, calls, puts
