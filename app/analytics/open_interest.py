"""Open interest: its change, the put–call ratio, max pain.

A chain is parallel arrays along the last axis, one entry a contract; leading axes (instants) are
kept. NaN is an unknown quantity: it counts for nothing in a sum and makes a change unknown. A sum
of which nothing is known is unknown, so that a side that is missing never counts as an empty one.
"""

import numpy as np
from numpy.typing import ArrayLike

from app.analytics import moneyness
from app.analytics.black_scholes import Bools, Floats
from db.market.limits import ITM_STRIKES


def absolute_change(quantity: ArrayLike, baseline: ArrayLike) -> Floats:
    """Quantity minus baseline, in units."""
    return np.asarray(quantity, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)


def percent_change(quantity: ArrayLike, baseline: ArrayLike) -> Floats:
    """Change in percent of the baseline; NaN where the baseline is zero or unknown."""
    base = np.asarray(baseline, dtype=np.float64)
    base = np.where(base > 0, base, np.nan)
    return absolute_change(quantity, base) / base * 100


def known_total(quantity: ArrayLike, chosen: ArrayLike = True) -> Floats:
    """Σ over the chosen contracts (all of them) whose quantity is known; NaN where none of them is.

    `quantity` is (…, contracts), `chosen` broadcasts to it; the answer (…).
    """
    held = np.asarray(quantity, dtype=np.float64)
    counted = np.isfinite(held) & np.asarray(chosen, dtype=np.bool_)
    total = np.where(counted, held, 0.0).sum(axis=-1)
    return np.where(counted.any(axis=-1), total, np.nan)


def put_call_ratio(is_call: Bools, quantity: ArrayLike) -> Floats:
    """Σ puts / Σ calls of OI or volume; NaN where the calls hold nothing or a side is unknown.

    `quantity` is (…, contracts); the answer (…).
    """
    calls, puts = known_total(quantity, is_call), known_total(quantity, ~is_call)
    return puts / np.where(calls > 0, calls, np.nan)


def itm_oi_change(
    strike: ArrayLike,
    is_call: Bools,
    oi: ArrayLike,
    oi_before: ArrayLike,
    atm: ArrayLike,
    step: float,
) -> tuple[Floats, Floats]:
    """Change of the OI in the money in percent, (calls, puts): Σ now against Σ then.

    It sums the legs of the `ITM_STRIKES` strikes on the in-the-money side, ATM not among them,
    whose OI is known both now and then; NaN where there are none, they held nothing, or ATM is
    unknown. `strike` and `is_call` are (contracts,) in any order, `oi` and `oi_before`
    (…, contracts) in units, `atm` (…) and `step` in index points; each answer is (…).
    """
    now = np.asarray(oi, dtype=np.float64)
    then = np.asarray(oi_before, dtype=np.float64)
    depth = np.where(is_call, -1.0, 1.0) * moneyness.position(strike, atm, step)
    counted = (depth >= 1) & (depth <= ITM_STRIKES) & np.isfinite(now) & np.isfinite(then)
    sides = (counted & is_call, counted & ~is_call)
    ce, pe = (percent_change(known_total(now, s), known_total(then, s)) for s in sides)
    return ce, pe


def max_pain(strike: ArrayLike, is_call: Bools, oi: ArrayLike) -> Floats:
    """The listed strike at which expiring options pay their holders least.

    NaN without any OI, and where nothing is known of the calls or of the puts. `strike` is
    (contracts,) in any order, `oi` (…, contracts) in units; the answer (…). The payout at a
    settlement K is Σ call OI · max(K − strike, 0) + Σ put OI · max(strike − K, 0); of equal ones
    the lowest strike wins. Linear in the number of strikes: the slope of the payout from one
    strike to the next is the call OI at or below minus the put OI above.

    Definition: https://www.investopedia.com/terms/m/maxpain.asp
    """
    given = np.asarray(oi, dtype=np.float64)
    held = np.nan_to_num(given)
    strikes, calls, puts = _by_strike(np.asarray(strike, dtype=np.float64), is_call, held)
    if len(strikes) == 0:
        return np.full(held.shape[:-1], np.nan)
    puts_above = puts.sum(axis=-1, keepdims=True) - np.cumsum(puts, axis=-1)
    slope = np.cumsum(calls, axis=-1) - puts_above
    payout = np.zeros_like(slope)
    payout[..., 1:] = np.cumsum(slope[..., :-1] * np.diff(strikes), axis=-1)
    least = strikes[np.argmin(payout, axis=-1)]
    # NaN, of a side without any known quantity, is not above zero either
    total = known_total(given, is_call) + known_total(given, ~is_call)
    return np.where(total > 0, least, np.nan)


def _by_strike(strike: Floats, is_call: Bools, held: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct strikes ascending, with the call and the put quantity at each."""
    strikes = np.unique(strike)
    belongs = (strike[:, None] == strikes).astype(np.float64)
    calls = held[..., is_call] @ belongs[is_call]
    puts = held[..., ~is_call] @ belongs[~is_call]
    return strikes, calls, puts
