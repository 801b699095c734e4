"""What a chain's own prices imply: its forward, its discounting, and volatility on that forward.

Put–call parity (H. Stoll, "The Relationship Between Put and Call Option Prices", Journal of
Finance 24, 1969): C − P = D·(F − K), D discounting one unit at expiry. F is read where calls and
puts cost nearly the same, as Cboe does for its volatility index
(https://cdn.cboe.com/resources/vix/vixwhitepaper.pdf): there D hardly matters and both sides
trade. D is the slope over strikes, as the median of all pairs of them (P. Sen, "Estimates of the
Regression Coefficient Based on Kendall's Tau", Journal of the American Statistical Association 63,
1968), so that one stale price bends neither. Days before expiry it differs from 1 by less than
ticks do: then it cannot be told, and is 1.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike

from app.analytics.black_scholes import RATE, Bools, Floats
from db.market.calendar import Instrument
from db.market.trading import may_trade

NEAREST_STRIKES = 5
"""How many strikes around the crossing have a say in the forward."""

FITTED_STRIKES = 16
"""How many of them have one in the discounting; it is not told from less than half as many."""

HIGHEST_RATE = 0.2
"""A slope that means more than this a year is noise."""

CARRY_LASTS = timedelta(hours=1)
"""How long it counts what the forward was over the index: longer than any closing auction."""

_STANDARD_ERRORS = 3.0
_NORMAL_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Parity:
    """`forward` in index points (NaN if unknown), and what one unit at expiry is worth now."""

    forward: Floats
    discount: Floats


def parity(
    strike: ArrayLike,
    is_call: Bools,
    ltp: ArrayLike,
    best_bid: ArrayLike,
    best_ask: ArrayLike,
    years: ArrayLike,
) -> Parity:
    """The forward and the discounting on which calls and puts agree.

    `strike` and `is_call` are (contracts,), prices (…, contracts) in INR, `years` (…) to the
    chain's expiry, in years of 365 days; the answers are (…). The forward is the median over the
    `NEAREST_STRIKES` strikes at which call and put differ least, of those with bid and ask on both
    sides where there are any, else of those with last prices; NaN where no strike has prices on
    both sides.
    """
    strikes, calls, puts = pairs(np.asarray(strike, dtype=np.float64), is_call)
    last, t = np.asarray(ltp, dtype=np.float64), np.asarray(years, dtype=np.float64)
    if len(strikes) == 0:
        return Parity(np.full(last.shape[:-1], np.nan), np.ones(last.shape[:-1]))
    mid = _mid(np.asarray(best_bid, dtype=np.float64), np.asarray(best_ask, dtype=np.float64))
    quoted = mid[..., calls] - mid[..., puts]
    traded = _positive(last[..., calls]) - _positive(last[..., puts])
    has_quotes = np.isfinite(quoted).any(axis=-1, keepdims=True)
    difference = np.where(has_quotes, quoted, traded)
    nearest = _nearest(np.abs(difference))
    strikes, difference = strikes[nearest], np.take_along_axis(difference, nearest, axis=-1)
    discount = _discount(strikes, difference, np.maximum(t, 0.0))
    implied = strikes + difference / discount[..., None]
    return Parity(_median(implied[..., :NEAREST_STRIKES]), discount)


def discounted(forward: ArrayLike, years: ArrayLike, rate: float = RATE) -> Floats:
    """The spot that a forward stands for: F·e^(−rT)."""
    t = np.maximum(np.asarray(years, dtype=np.float64), 0.0)
    return np.asarray(np.asarray(forward, dtype=np.float64) * np.exp(-rate * t))


def levels(
    at: datetime, index: float, forward: float, years: float, carry: float = np.nan
) -> tuple[float, float]:
    """Where the market stands at `at`: to value contracts at, and to find ATM by.

    That is the index, unless it is unknown or stands still though options trade, as in its closing
    auction: then it is what the forward says the index would be, by the `carry` (forward over
    index) of shortly before. Where that is unknown the forward itself takes its place, discounted
    to value contracts. NaN is unknown.
    """
    if not np.isfinite(forward) or (np.isfinite(index) and not stands_still(at)):
        return index, index
    if np.isfinite(carry):
        return forward / carry, forward / carry
    return float(discounted(forward, years)), forward


def stands_still(at: datetime) -> bool:
    """Whether the index does while its options trade."""
    return may_trade(at) and not may_trade(at, Instrument.INDEX)


def pairs(strike: Floats, is_call: Bools) -> tuple[Floats, np.ndarray, np.ndarray]:
    """Strikes that list both sides, with the places of their calls and puts."""
    calls, puts = np.flatnonzero(is_call), np.flatnonzero(~is_call)
    strikes, of_calls, of_puts = np.intersect1d(strike[calls], strike[puts], return_indices=True)
    return strikes, calls[of_calls], puts[of_puts]


def usable(found: Parity) -> Parity:
    """The same without a forward that is no price of anything."""
    return Parity(np.where(found.forward > 0, found.forward, np.nan), found.discount)


def _mid(bid: Floats, ask: Floats) -> Floats:
    sound = (bid > 0) & (ask >= bid)
    return np.where(sound, (bid + ask) / 2, np.nan)


def _positive(price: Floats) -> Floats:
    return np.where(price > 0, price, np.nan)


def _nearest(distance: Floats) -> np.ndarray:
    """Places of the smallest known distances, ascending; unknown ones come last."""
    known = np.where(np.isfinite(distance), distance, np.inf)
    return np.argsort(known, axis=-1, kind="stable")[..., :FITTED_STRIKES]


def _discount(strike: Floats, difference: Floats, years: Floats) -> Floats:
    """The slope of put less call over strikes (…, n), or 1 where prices do not tell it."""
    low, high = np.triu_indices(strike.shape[-1], 1)
    rise = difference[..., low] - difference[..., high]
    slope = _median(rise / (strike[..., high] - strike[..., low]))
    error = _standard_error(strike, difference, slope)
    with np.errstate(invalid="ignore"):
        plausible = (slope <= 1.0) & (slope >= np.exp(-HIGHEST_RATE * years))
        told = plausible & (1.0 - slope > _STANDARD_ERRORS * error)
    return np.where(told, slope, 1.0)


def _standard_error(strike: Floats, difference: Floats, slope: Floats) -> Floats:
    """How far the slope may be off, by the residuals' median; infinite with too few strikes."""
    line = difference + slope[..., None] * strike
    residual = _NORMAL_MAD * _median(np.abs(line - _median(line)[..., None]))
    known = np.isfinite(difference)
    count = known.sum(axis=-1)
    middle = np.where(known, strike, 0.0).sum(axis=-1) / np.maximum(count, 1)
    spread = np.sqrt((np.where(known, strike - middle[..., None], 0.0) ** 2).sum(axis=-1))
    enough = (count >= FITTED_STRIKES // 2) & (spread > 0)
    return np.where(enough, residual / np.where(enough, spread, 1.0), np.inf)


def _median(values: Floats) -> Floats:
    """Of the known ones along the last axis; NaN where none is."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    known: Bools = np.asarray(np.isfinite(values).any(axis=-1))
    # a median of nothing is one of an arbitrary number, and then unknown again
    median = np.nanmedian(np.where(known[..., None], values, 0.0), axis=-1)
    return np.where(known, median, np.nan)
