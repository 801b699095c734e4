"""How open interest, volume and trades of each simulated contract run through a day.

Levels and paces are those of NIFTY's, SENSEX's and BANKNIFTY's chains of 2025 and 2026; everything
hangs on the contract's own randomness, so that part of a chain equals the same part of the whole.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from app.feeds.simulate.contracts import Contracts, listed
from app.feeds.simulate.noise import Codes, code, drawn, noise, runs, salted, share
from app.feeds.simulate.paths import (
    DAY_S,
    by_the_second,
    midnight_levels,
    session_seconds,
)
from app.feeds.simulate.planted import leaning

OI_STEP_S = 180
"""Exchanges publish open interest about every three minutes."""

PACES = 2
"""So many courses of a day's volume are there; each contract follows one."""

_OI_STEPS = DAY_S // OI_STEP_S
_RAGGED_S = 120
_MINUTES = DAY_S // 60
_LONGEST_WAIT = 17
_NIGHT_STEP = 0.1
_AFTER_HOURS_VOLUME = 0.01
_LASTING_SD, _VOLUME_SD = 0.35, 0.45
_SETTLING_DAYS = 8
_SMALLEST = -5.5

_HUNDREDS = 3.0
_CALLS_FADE, _PUTS_FADE, _ITM_FADE = 0.052, 0.077, 0.56
_WEEKLY_TURNOVER, _TURNOVER_DAYS = 90.0, 3.6
_REACH = 8.0
_LOTS_A_TRADE = 1.6
_MOVE, _MOVE_POWER, _MEDIAN_OF_HEAVY = 0.028, 0.86, 0.765


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """One chain's day. `oi` is (480, n) in units, one row each three minutes, which a contract
    publishes `late` (n,) seconds after the step; `future_oi` (480,). `lots` (n,) trade that day, on
    the course `pace` (n,); `wait` (n,) is the power of two of seconds between two trades.
    """

    oi: NDArray[np.int64]
    future_oi: NDArray[np.int64]
    late: NDArray[np.int64]
    lots: Floats
    pace: NDArray[np.int64]
    wait: NDArray[np.int64]


@lru_cache(maxsize=8)
def flows(
    seed: int, key: str, expiry: date, day: date, strikes: int | None, effect: float = 0.0
) -> Flows:
    """Open interest and volume of the chain of an exchange key on a day; see `chain_block`."""
    chain = listed(seed, key, expiry, day, strikes)
    held, turned = _levels(seed, chain, day)
    after, _ = _levels(seed, chain, day + timedelta(days=1))
    today = code(chain.code, day.toordinal(), 5)
    lots = np.exp(held) / chain.lot * turned
    lots *= np.exp(_VOLUME_SD * drawn(noise(seed).normal, salted(today, 1)))
    lean = effect * leaning(seed, chain, day, OI_STEP_S) if effect else None
    return Flows(
        oi=_walk(seed, today, (held, after), _step_sd(turned), day, chain.lot, lean),
        future_oi=_future(seed, chain, day),
        late=(share(salted(chain.code, 6)) * _RAGGED_S).astype(np.int64),
        lots=lots,
        pace=(chain.code % np.uint64(PACES)).astype(np.int64),
        wait=_wait(lots, session_seconds(day) or range(DAY_S)),
    )


@lru_cache(maxsize=4)
def paces(seed: int, day: date) -> Floats:
    """Share of a day's volume behind each second on each course: (PACES × 86 400,), flat."""
    weight = np.full(_MINUTES, _AFTER_HOURS_VOLUME)
    if open_now := session_seconds(day):
        first, last = open_now.start // 60, open_now.stop // 60
        through = (np.arange(last - first) / (last - first)) - 0.5
        weight[first:last] = 0.6 + 4.8 * through**2
    busy = runs(noise(seed).waits, code(seed, 7, day.toordinal(), np.arange(PACES)), _MINUTES)
    passed = np.zeros((PACES, _MINUTES + 1))
    np.cumsum((0.3 + 0.7 * busy).T * weight, axis=1, out=passed[:, 1:])
    found: Floats = by_the_second(passed / passed[:, -1:]).ravel()
    return found


def _levels(seed: int, chain: Contracts, day: date) -> tuple[Floats, Floats]:
    """At midnight: log of open units, and times a day's volume exceeds them; both (n,)."""
    days_left = max((chain.expiry - day).days, 0)
    step, underlying = chain.exchange.strike_step, chain.underlying
    money = midnight_levels(seed, day, _SETTLING_DAYS, underlying.symbol)
    outward = np.where(chain.is_call, 1.0, -1.0) * (chain.strike - money.mean()) / step
    turned = _turnover(underlying.turnover, outward, days_left)
    fresh = drawn(noise(seed).normal, code(chain.code, day.toordinal(), 8))
    held = (
        _profile(chain, outward, days_left)
        + _LASTING_SD * drawn(noise(seed).normal, salted(chain.code, 9))
        + np.minimum(0.1, 6 * _step_sd(turned)) * fresh
    )
    return held, turned


def _profile(chain: Contracts, outward: Floats, days_left: int) -> Floats:
    """Log of open units: most out of the money and at round strikes, and more as expiry nears."""
    step, underlying = chain.exchange.strike_step, chain.underlying
    calm = np.sqrt(max(1.0, days_left / 5))
    fade = np.where(chain.is_call, _CALLS_FADE, _PUTS_FADE) / calm
    outside = -fade * np.maximum(outward, 0)
    inside = _ITM_FADE / calm * np.minimum(outward, 0)
    roundness = np.where(chain.strike % 500 == 0, np.log(underlying.roundness), 0.0)
    if step < 100:
        roundness -= np.where(chain.strike % 100 == 0, 0.0, np.log(_HUNDREDS))
    grown = np.log(0.04 + 0.96 * np.exp(-days_left / 9))
    found: Floats = outside + np.maximum(inside, _SMALLEST)
    found += np.log(underlying.peak) + grown + roundness
    return found


def _turnover(steady: float, outward: Floats, days_left: int) -> Floats:
    """Times a day's volume exceeds open interest: high at the money, higher near expiry."""
    near = _WEEKLY_TURNOVER * np.exp(-days_left / _TURNOVER_DAYS)
    calm = np.sqrt(max(1.0, days_left / 5))
    fade = np.exp(-np.maximum(outward, 0) / _REACH / calm + np.minimum(outward, 0) * 0.2)
    found: Floats = (near + steady) * fade
    return found


def _step_sd(turned: Floats) -> Floats:
    """How far a step's open interest moves: a steady part of what is traded in it."""
    traded = turned / (375 * 60 / OI_STEP_S)
    found: Floats = _MOVE * traded**_MOVE_POWER / _MEDIAN_OF_HEAVY
    return found


def _walk(
    seed: int,
    codes: Codes,
    ends: tuple[Floats, Floats],
    sd: Floats,
    day: date,
    lot: int,
    lean: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """Units (480, n) from one midnight's log level to the next's, in whole lots."""
    steps = runs(noise(seed).heavy, codes, _OI_STEPS)
    if lean is not None:
        steps += lean
    steps *= _liveliness(day)[:, None]
    steps *= sd.astype(np.float32)
    steps += ((ends[1] - ends[0] - steps.sum(axis=0)) / _OI_STEPS).astype(np.float32)
    steps[0] = 0.0
    grown = np.exp(np.cumsum(steps, axis=0, out=steps), out=steps)
    grown *= (np.exp(ends[0]) / lot).astype(np.float32)
    held = np.round(grown, out=grown).astype(np.int64)
    held *= lot
    return held


def _liveliness(day: date) -> NDArray[np.float32]:
    """Of each step: 1 in market hours, little outside them."""
    found = np.full(_OI_STEPS, _NIGHT_STEP, dtype=np.float32)
    if open_now := session_seconds(day):
        found[open_now.start // OI_STEP_S : open_now.stop // OI_STEP_S] = 1.0
    return found


def _future(seed: int, chain: Contracts, day: date) -> NDArray[np.int64]:
    contract = code(seed, 10, chain.underlying.family, chain.future_expiry.toordinal())
    days = np.array([day.toordinal(), day.toordinal() + 1])
    fresh = drawn(noise(seed).normal, code(contract, days))
    level = np.log(chain.underlying.future_units) + 0.03 * fresh
    today = code(contract, day.toordinal(), 5)
    return _walk(seed, today, (level[:1], level[1:]), np.array([5e-4]), day, chain.lot)[:, 0]


def _wait(lots: Floats, open_now: range) -> NDArray[np.int64]:
    seconds = _LOTS_A_TRADE * len(open_now) / np.maximum(lots, 1e-3)
    power = np.round(np.log2(np.maximum(seconds, 1.0)))
    return np.minimum(power, _LONGEST_WAIT).astype(np.int64)
