"""The forward that a chain's own prices imply, where no index tells where the market stands.

Put–call parity (H. Stoll, "The Relationship Between Put and Call Option Prices", Journal of
Finance 24, 1969): C − P = (F − K)·e^(−rT), so that each strike implies F = K + (C − P)·e^(rT). It
is read where calls and puts cost nearly the same, as Cboe does for its volatility index
(https://cdn.cboe.com/resources/vix/vixwhitepaper.pdf): there the rate hardly matters and both
sides trade.
"""

import numpy as np
from numpy.typing import ArrayLike

from app.analytics.black_scholes import RATE, Bools, Floats

NEAREST_STRIKES = 5
"""How many strikes around the crossing have a say."""


def parity_forward(
    strike: ArrayLike,
    is_call: Bools,
    ltp: ArrayLike,
    best_bid: ArrayLike,
    best_ask: ArrayLike,
    years: ArrayLike,
    rate: float = RATE,
) -> Floats:
    """The forward in index points; NaN where no strike has a price on both sides.

    `strike` and `is_call` are (contracts,), prices (…, contracts) in INR, `years` (…) to the
    chain's expiry, in years of 365 days; the answer is (…). It is the median over the
    `NEAREST_STRIKES` strikes at which call and put differ least, of those with bid and ask on both
    sides where there are any, else of those with last prices.
    """
    strikes, calls, puts = _pairs(np.asarray(strike, dtype=np.float64), is_call)
    last = np.asarray(ltp, dtype=np.float64)
    t = np.asarray(years, dtype=np.float64)[..., None]
    if len(strikes) == 0:
        return np.full(last.shape[:-1], np.nan)
    mid = _mid(np.asarray(best_bid, dtype=np.float64), np.asarray(best_ask, dtype=np.float64))
    quoted = mid[..., calls] - mid[..., puts]
    traded = _positive(last[..., calls]) - _positive(last[..., puts])
    has_quotes = np.isfinite(quoted).any(axis=-1, keepdims=True)
    difference = np.where(has_quotes, quoted, traded)
    implied = strikes + difference * np.exp(rate * np.maximum(t, 0.0))
    return _median_of_nearest(implied, np.abs(difference))


def discounted(forward: ArrayLike, years: ArrayLike, rate: float = RATE) -> Floats:
    """The spot that a forward stands for: F·e^(−rT)."""
    t = np.maximum(np.asarray(years, dtype=np.float64), 0.0)
    return np.asarray(np.asarray(forward, dtype=np.float64) * np.exp(-rate * t))


def _pairs(strike: Floats, is_call: Bools) -> tuple[Floats, np.ndarray, np.ndarray]:
    """Strikes that list both sides, with the places of their calls and puts."""
    calls, puts = np.flatnonzero(is_call), np.flatnonzero(~is_call)
    strikes, of_calls, of_puts = np.intersect1d(strike[calls], strike[puts], return_indices=True)
    return strikes, calls[of_calls], puts[of_puts]


def _mid(bid: Floats, ask: Floats) -> Floats:
    sound = (bid > 0) & (ask >= bid)
    return np.where(sound, (bid + ask) / 2, np.nan)


def _positive(price: Floats) -> Floats:
    return np.where(price > 0, price, np.nan)


def _median_of_nearest(implied: Floats, distance: Floats) -> Floats:
    order = np.argsort(np.where(np.isfinite(distance), distance, np.inf), axis=-1, kind="stable")
    nearest = np.take_along_axis(implied, order[..., :NEAREST_STRIKES], axis=-1)
    # a median of nothing is one of an arbitrary number, and then unknown again
    known: Bools = np.asarray(np.isfinite(nearest).any(axis=-1, keepdims=True))
    median = np.nanmedian(np.where(known, nearest, 0.0), axis=-1)
    return np.where(known[..., 0], median, np.nan)
