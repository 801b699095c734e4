"""Where the indices, their futures and the VIX stand at each second of a simulated day.

Log levels revert slowly to a base from day to day; within a day each is a Brownian bridge between
the level at midnight and the next, on a clock that runs fast in market hours (fastest at the open
and the close) and slowly outside them. So nights and holidays leave gaps, and a demo moves at any
hour.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from app.feeds.simulate.noise import code, noise, stretch
from app.feeds.simulate.underlyings import (
    KNOWN,
    NIFTY,
    Underlying,
    is_simulated_alone,
    underlying_of,
)
from db.market.calendar import Instrument, session

Real = TypeVar("Real", bound=np.floating)

DAY_S = 86_400
EPOCH = date(2020, 1, 1)

_DAILY_SD = np.array([each.daily_sd for each in KNOWN])
_MARKET_SHARE = np.array([each.market_share for each in KNOWN])
_REVERSION = 0.02
_QUIET_PACE = 0.12
_VIX_BASE = 12.0
_DAYS_AT_ONCE = 730
_AUCTION_JUMP = 3e-4
_BASIS = 2e-4
# a closing auction takes its last orders at a random moment of these seconds before it is matched
_UNCROSSES_BEFORE_S = (420, 300)


@dataclass(frozen=True, slots=True)
class Auction:
    """An index stands still from `begins` at what it was before, prints at `uncrosses`, and moves
    again from `ends` on: seconds after midnight. `jump` is the print over the index by then.
    """

    begins: int
    uncrosses: int
    ends: int
    jump: float


@dataclass(frozen=True, slots=True, eq=False)
class DayPaths:
    """One calendar day. `index` is what derivatives are priced from at each second (86 400,), in
    points; `basis`, how far each future stands from its fair value as a fraction of the index, and
    `vix`, in percent, are by the minute (1 441,). What is of an underlying is made when it is asked
    for first, by its symbol.
    """

    index: "_Made"
    basis: "_Made"
    vix: Floats
    auction: Auction | None

    def shown(self, name: str, second: NDArray[np.int64]) -> Floats:
        """The index (m,) as its exchange publishes it: still in a closing auction."""
        path = self.index[name]
        found: Floats = path[second]
        if self.auction is not None:
            held = self.auction
            still = (second >= held.begins) & (second < held.uncrosses)
            found[still] = path[held.begins - 1]
            printed = (second >= held.uncrosses) & (second < held.ends)
            found[printed] = np.round(path[held.uncrosses] * held.jump, 2)
        return found


def session_seconds(day: date, instrument: Instrument = Instrument.OPTIONS) -> range | None:
    """Seconds after midnight of a day's session, its end not included; None without one."""
    found = session(day, instrument)
    return None if found is None else range(second_of_day(found.opens), second_of_day(found.closes))


@lru_cache(maxsize=4)
def day_paths(seed: int, day: date) -> DayPaths:
    """The paths of a calendar day; raises ValueError before 2020."""
    _, mood = _levels_until(seed, day)
    rng = np.random.default_rng([seed, 1, day.toordinal()])
    pace, paced = _clock(session_seconds(day))
    market = _market(seed, day) * paced

    def index_of(name: str) -> Floats:
        one = underlying_of(name)
        own = (
            stretch(noise(seed).normal, code(seed, 12, one.family, day.toordinal()), DAY_S) * paced
        )
        own *= np.float32(np.sqrt(1 - one.market_share**2))
        own += np.float32(one.market_share) * market
        own *= np.float32(one.daily_sd * mood[_ordinal(day)])
        found = _bridge(own, pace, _logs(seed, day, one)[_ordinal(day) : _ordinal(day) + 2])
        found *= one.level
        np.round(found, 2, out=found)
        return found

    def basis_of(name: str) -> Floats:
        own = np.random.default_rng([seed, 13, underlying_of(name).family, day.toordinal()])
        return _BASIS * _wobble(own, 15)

    index, basis = _Made(index_of), _Made(basis_of, _basis(rng))
    vix = _vix(rng, mood, day, index[NIFTY.symbol])
    return DayPaths(index, basis, vix, _auction(rng, day))


class _Made(dict[str, Floats]):
    """Paths by symbol, each made when it is asked for first."""

    def __init__(self, make: Callable[[str], Floats], known: Mapping[str, Floats] | None = None):
        super().__init__(known or {})
        self._make = make

    def __missing__(self, name: str) -> Floats:
        found = self[name] = self._make(name)
        return found


def midnight_level(seed: int, day: date, underlying: str) -> float:
    """Where an index stands at the first second of a day; raises ValueError before 2020."""
    return float(midnight_levels(seed, day, 1, underlying)[-1])


def midnight_levels(seed: int, day: date, count: int, underlying: str) -> Floats:
    """Where an index stood at the first second of each of the `count` days up to `day`."""
    first, one = max(0, _ordinal(day) + 1 - count), underlying_of(underlying)
    logs = _logs(seed, day, one)[first : _ordinal(day) + 1]
    found: Floats = one.level * np.exp(logs)
    return found


@lru_cache(maxsize=8)
def _clock(open_now: range | None) -> tuple[Floats, NDArray[np.float32]]:
    """Share of a day's variance behind each second's start (86 401,), and the root of each
    second's own share (86 400,).
    """
    weight = np.full(DAY_S, _QUIET_PACE)
    if open_now:
        through = (np.arange(len(open_now)) / len(open_now)) - 0.5
        weight[open_now.start : open_now.stop] = 0.6 + 4.8 * through**2
    weight /= weight.sum()
    return np.concatenate([[0.0], np.cumsum(weight)]), np.sqrt(weight).astype(np.float32)


def at(minutes: Floats, second: NDArray[np.int64]) -> Floats:
    """Values (m,) at seconds of a day of what is known by the minute (1 441,)."""
    minute, part = second // 60, second % 60 / 60
    found: Floats = minutes[minute] * (1 - part) + minutes[minute + 1] * part
    return found


def by_the_second(minutes: NDArray[Real]) -> NDArray[Real]:
    """Values at each of n + 1 minutes, (…, n + 1), drawn out to the 60 n seconds between them."""
    part = (np.arange(60) / 60).astype(minutes.dtype)
    drawn = np.diff(minutes)[..., None] * part
    drawn += minutes[..., :-1, None]
    found: NDArray[Real] = drawn.reshape(*minutes.shape[:-1], -1)
    return found


def _bridge(steps: NDArray[np.float32], pace: Floats, ends: Floats) -> Floats:
    """Levels by the second from one midnight's log level to the next's, with those log steps."""
    walked = np.cumsum(steps, dtype=np.float64)
    logs = pace[:-1] * (ends[1] - ends[0] - walked[-1])
    logs += ends[0]
    logs[1:] += walked[:-1]
    levels: Floats = np.exp(logs, out=logs)
    return levels


def _market(seed: int, day: date) -> NDArray[np.float32]:
    """Standard normal steps that all indices share; no two days mix the same draws."""
    first, second = (
        stretch(noise(seed).normal, code(seed, 1, half, day.toordinal()), DAY_S) for half in (0, 1)
    )
    found: NDArray[np.float32] = (first + second) * np.float32(np.sqrt(0.5))
    return found


def _auction(rng: np.random.Generator, day: date) -> Auction | None:
    cash, derivatives = session(day, Instrument.INDEX), session(day, Instrument.OPTIONS)
    if cash is None or derivatives is None or cash.prints == cash.closes:
        return None
    begins, ends = (second_of_day(cash.prints) - before for before in _UNCROSSES_BEFORE_S)
    return Auction(
        begins=second_of_day(cash.closes),
        uncrosses=int(rng.integers(begins, ends + 1)),
        ends=second_of_day(derivatives.closes),
        jump=1 + _AUCTION_JUMP * float(rng.standard_normal()),
    )


def _logs(seed: int, day: date, one: Underlying) -> Floats:
    """Log levels of an underlying at least to the day after `day`."""
    levels, mood = _levels_until(seed, day)
    if is_simulated_alone(one.symbol):
        return _own_levels(seed, len(mood), one)
    found: Floats = levels[:, one.family]
    return found


def _levels_until(seed: int, day: date) -> tuple[Floats, Floats]:
    """Daily levels at least to the day after `day`; computed some two years at a time."""
    return _daily_levels(seed, (_ordinal(day) // _DAYS_AT_ONCE + 2) * _DAYS_AT_ONCE)


@lru_cache(maxsize=4)
def _daily_levels(seed: int, days: int) -> tuple[Floats, Floats]:
    """Log levels at each midnight since 2020 (days, 3), and how nervous each day is (days,)."""
    draws = _draws(seed, days)
    mood = np.empty(days)
    levels = np.empty((days, 3))
    level, nerves = np.zeros(3), 0.0
    for d in range(days):
        levels[d], mood[d] = level, np.exp(nerves)
        nerves = 0.93 * nerves + 0.09 * draws[d, 4]
        shock = _MARKET_SHARE * draws[d, 3] + np.sqrt(1 - _MARKET_SHARE**2) * draws[d, :3]
        level = (1 - _REVERSION) * level + _DAILY_SD * mood[d] * shock
    return levels, mood


@lru_cache(maxsize=16)
def _own_levels(seed: int, days: int, one: Underlying) -> Floats:
    """Log levels at each midnight since 2020 (days,) of one that is not known by heart."""
    _, mood = _daily_levels(seed, days)
    own = np.random.default_rng([seed, 14, one.family]).standard_normal(days)
    shock = one.market_share * _draws(seed, days)[:, 3] + np.sqrt(1 - one.market_share**2) * own
    levels, level = np.empty(days), 0.0
    for d, moved in enumerate(one.daily_sd * mood * shock):
        levels[d] = level
        level = (1 - _REVERSION) * level + moved
    return levels


def _draws(seed: int, days: int) -> Floats:
    """Of each day since 2020: three known by heart, the market, its mood: (days, 5)."""
    return np.random.default_rng([seed, 0]).standard_normal((days, 5))


def _basis(rng: np.random.Generator) -> dict[str, Floats]:
    """How far futures stand from their fair value, as a fraction of the index."""
    return {each.symbol: _BASIS * _wobble(rng, 15) for each in KNOWN}


def _vix(rng: np.random.Generator, mood: Floats, day: date, nifty: Floats) -> Floats:
    """Rises when the index falls (leverage) and with the day's nerves."""
    through = np.linspace(0, 1, DAY_S // 60 + 1)
    calm = _VIX_BASE * np.interp(through, [0, 1], mood[_ordinal(day) : _ordinal(day) + 2])
    minutes = nifty[np.minimum(np.arange(0, DAY_S + 60, 60), DAY_S - 1)]
    fall = -4.0 * np.log(minutes / NIFTY.level)
    found: Floats = np.clip(calm * np.exp(fall + 0.01 * _wobble(rng, 10)), 7.0, 60.0)
    return found


def _wobble(rng: np.random.Generator, minutes: int) -> Floats:
    """A stationary path (1 441,) by the minute that forgets itself within so many of them."""
    draws = rng.standard_normal(DAY_S // 60 + minutes)
    found: Floats = np.convolve(draws, np.ones(minutes) / minutes, "valid")
    return found


def _ordinal(day: date) -> int:
    if day < EPOCH:
        raise ValueError(f"the simulated market begins on {EPOCH}, not {day}")
    return (day - EPOCH).days


def second_of_day(moment: datetime) -> int:
    """Whole seconds after its own midnight."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second
