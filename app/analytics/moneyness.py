"""Where strikes stand against the index, counted in strikes from the one nearest to it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.analytics.black_scholes import Bools, Floats

ITM, ATM, OTM = "ITM", "ATM", "OTM"


def atm_strike(strike: ArrayLike, underlying: ArrayLike) -> Floats:
    """The listed strike nearest to the index, the lower of two as near; NaN if it is unknown.

    `strike` is (contracts,), `underlying` (…) in index points; the answer (…).
    """
    strikes = np.unique(np.asarray(strike, dtype=np.float64))
    index = np.asarray(underlying, dtype=np.float64)
    if len(strikes) == 0:
        return np.full(index.shape, np.nan)
    above = np.clip(np.searchsorted(strikes, index), 1, max(len(strikes) - 1, 1))
    low, high = strikes[above - 1], strikes[np.minimum(above, len(strikes) - 1)]
    nearest = np.where(index - low <= high - index, low, high)
    return np.where(np.isnan(index), np.nan, nearest)


def position(strike: ArrayLike, atm: ArrayLike, step: float) -> Floats:
    """Strikes from ATM, negative below it: (…, contracts); NaN where ATM is unknown."""
    distance = np.asarray(strike, dtype=np.float64) - np.asarray(atm, dtype=np.float64)[..., None]
    return np.round(distance / step)


def in_the_money(is_call: Bools, positions: Floats) -> Bools:
    """Calls below and puts above ATM; the ATM strike itself is not."""
    return np.where(is_call, positions < 0, positions > 0)


def moneyness(is_call: Bools, positions: Floats) -> NDArray[np.str_]:
    """'ITM', 'ATM' or 'OTM' for each contract; '' where its position is unknown."""
    sides = np.where(in_the_money(is_call, positions), ITM, OTM)
    named = np.where(positions == 0, ATM, sides)
    return np.where(np.isnan(positions), "", named)
