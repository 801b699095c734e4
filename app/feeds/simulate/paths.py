"""Where the indices, their futures and the VIX stand at each second of a simulated day.

Log levels revert slowly to a base from day to day; within a day each is a Brownian bridge between
the level at midnight and the next, on a clock that runs fast in market hours (fastest at the open
and the close) and slowly outside them. So nights and holidays leave gaps, and a demo moves at any
hour.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from app.feeds.simulate.noise import code, noise, stretch
from db.market.calendar import Instrument, session

Real = TypeVar("Real", bound=np.floating)

DAY_S = 86_400
UNDERLYINGS = ("NIFTY", "SENSEX", "BANKNIFTY")
BASE_LEVEL = {"NIFTY": 26_000.0, "SENSEX": 85_200.0, "BANKNIFTY": 59_200.0}
EPOCH = date(2020, 1, 1)

_DAILY_SD = np.array([0.0063, 0.0063, 0.0076])
_MARKET_SHARE = np.array([0.98, 0.975, 0.88])
_REVERSION = 0.02
_QUIET_PACE = 0.12
_VIX_BASE = 12.0
_DAYS_AT_ONCE = 730
_AUCTION_JUMP = 3e-4
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
    `vix`, in percent, are by the minute (1 441,).
    """

    index: dict[str, Floats]
    basis: dict[str, Floats]
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
    levels, mood = _levels_until(seed, day)
    rng = np.random.default_rng([seed, 1, day.toordinal()])
    pace, paced = _clock(session_seconds(day))
    market = _market(seed, day) * paced
    index = {}
    for i, name in enumerate(UNDERLYINGS):
        own = stretch(noise(seed).normal, code(seed, 12, i, day.toordinal()), DAY_S) * paced
        own *= np.float32(np.sqrt(1 - _MARKET_SHARE[i] ** 2))
        own += np.float32(_MARKET_SHARE[i]) * market
        own *= np.float32(_DAILY_SD[i] * mood[_ordinal(day)])
        index[name] = _bridge(own, pace, levels[_ordinal(day) : _ordinal(day) + 2, i])
        index[name] *= BASE_LEVEL[name]
        np.round(index[name], 2, out=index[name])
    basis, vix = _basis(rng), _vix(rng, mood, day, index["NIFTY"])
    return DayPaths(index, basis, vix, _auction(rng, day))


def midnight_level(seed: int, day: date, underlying: str) -> float:
    """Where an index stands at the first second of a day; raises ValueError before 2020."""
    return float(midnight_levels(seed, day, 1, underlying)[-1])


def midnight_levels(seed: int, day: date, count: int, underlying: str) -> Floats:
    """Where an index stood at the first second of each of the `count` days up to `day`."""
    levels, _ = _levels_until(seed, day)
    first = max(0, _ordinal(day) + 1 - count)
    logs = levels[first : _ordinal(day) + 1, UNDERLYINGS.index(underlying)]
    found: Floats = BASE_LEVEL[underlying] * np.exp(logs)
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


def _levels_until(seed: int, day: date) -> tuple[Floats, Floats]:
    """Daily levels at least to the day after `day`; computed some two years at a time."""
    return _daily_levels(seed, (_ordinal(day) // _DAYS_AT_ONCE + 2) * _DAYS_AT_ONCE)


@lru_cache(maxsize=4)
def _daily_levels(seed: int, days: int) -> tuple[Floats, Floats]:
    """Log levels at each midnight since 2020 (days, 3), and how nervous each day is (days,)."""
    draws = np.random.default_rng([seed, 0]).standard_normal((days, 5))
    mood = np.empty(days)
    levels = np.empty((days, 3))
    level, nerves = np.zeros(3), 0.0
    for d in range(days):
        levels[d], mood[d] = level, np.exp(nerves)
        nerves = 0.93 * nerves + 0.09 * draws[d, 4]
        shock = _MARKET_SHARE * draws[d, 3] + np.sqrt(1 - _MARKET_SHARE**2) * draws[d, :3]
        level = (1 - _REVERSION) * level + _DAILY_SD * mood[d] * shock
    return levels, mood


def _basis(rng: np.random.Generator) -> dict[str, Floats]:
    """How far each future stands from its fair value, as a fraction of the index."""
    return {name: 2e-4 * _wobble(rng, 15) for name in UNDERLYINGS}


def _vix(rng: np.random.Generator, mood: Floats, day: date, nifty: Floats) -> Floats:
    """Rises when the index falls (leverage) and with the day's nerves."""
    through = np.linspace(0, 1, DAY_S // 60 + 1)
    calm = _VIX_BASE * np.interp(through, [0, 1], mood[_ordinal(day) : _ordinal(day) + 2])
    minutes = nifty[np.minimum(np.arange(0, DAY_S + 60, 60), DAY_S - 1)]
    fall = -4.0 * np.log(minutes / BASE_LEVEL["NIFTY"])
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
