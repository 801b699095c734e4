"""Where the indices, their futures and the VIX stand at each second of a simulated day.

Log levels revert slowly to a base from day to day; within a day each is a Brownian bridge between
the level at midnight and the next, on a clock that runs fast in market hours (fastest at the open
and the close) and slowly outside them. So nights and holidays leave gaps, and a demo moves at any
hour.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from app.feeds.simulate.noise import code, noise, stretch
from db.market.calendar import Instrument, session

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


@dataclass(frozen=True, slots=True, eq=False)
class DayPaths:
    """One calendar day by the second: arrays (86 400,), index levels in points, VIX in percent.

    `index` is what derivatives are priced from at any second, `shown` what the exchange publishes:
    it stands still in a closing auction, which prints once.
    """

    index: dict[str, Floats]
    shown: dict[str, Floats]
    basis: dict[str, Floats]
    vix: Floats


def session_seconds(day: date, instrument: Instrument = Instrument.OPTIONS) -> range | None:
    """Seconds after midnight of a day's session, its end not included; None without one."""
    found = session(day, instrument)
    return None if found is None else range(second_of_day(found.opens), second_of_day(found.closes))


@lru_cache(maxsize=4)
def day_paths(seed: int, day: date) -> DayPaths:
    """The paths of a calendar day; raises ValueError before 2020."""
    levels, mood = _levels_until(seed, day)
    rng = np.random.default_rng([seed, 1, day.toordinal()])
    pace = clock(day)
    paced = np.sqrt(np.diff(pace)).astype(np.float32)
    market = rng.standard_normal(DAY_S, dtype=np.float32) * paced
    index = {}
    for i, name in enumerate(UNDERLYINGS):
        own = stretch(noise(seed).normal, code(seed, 12, i, day.toordinal()), DAY_S) * paced
        own *= np.float32(np.sqrt(1 - _MARKET_SHARE[i] ** 2))
        own += np.float32(_MARKET_SHARE[i]) * market
        start, end = levels[_ordinal(day) : _ordinal(day) + 2, i]
        logs = start + _bridge(own, pace, end - start, _DAILY_SD[i] * float(mood[_ordinal(day)]))
        index[name] = np.round(BASE_LEVEL[name] * np.exp(logs), 2)
    basis, vix = _basis(rng), _vix(rng, mood, day, index["NIFTY"])
    return DayPaths(index, _shown(rng, day, index), basis, vix)


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
def clock(day: date) -> Floats:
    """Share of the day's variance behind each second's start: (86 401,) from 0 to 1."""
    weight = np.full(DAY_S, _QUIET_PACE)
    if open_now := session_seconds(day):
        through = (np.arange(len(open_now)) / len(open_now)) - 0.5
        weight[open_now.start : open_now.stop] = 0.6 + 4.8 * through**2
    return np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])


def by_the_second(minutes: Floats) -> Floats:
    """Values at each of n + 1 minutes, (…, n + 1), drawn out to the 60 n seconds between them."""
    part = np.arange(60) / 60
    drawn = minutes[..., :-1, None] + np.diff(minutes)[..., None] * part
    found: Floats = drawn.reshape(*minutes.shape[:-1], -1)
    return found


def _bridge(steps: NDArray[np.float32], pace: Floats, change: float, deviation: float) -> Floats:
    """From 0 at the first second to `change` at the day's end, `deviation` being the day's."""
    walked = np.concatenate([[0.0], np.cumsum(steps, dtype=np.float64)])
    bridged: Floats = (deviation * walked + pace * (change - deviation * walked[-1]))[:-1]
    return bridged


def _shown(rng: np.random.Generator, day: date, index: dict[str, Floats]) -> dict[str, Floats]:
    """The published indices: what they are, but for the day's closing auction."""
    cash, derivatives = session(day, Instrument.INDEX), session(day, Instrument.OPTIONS)
    if cash is None or derivatives is None or cash.prints == cash.closes:
        return index
    first, last = second_of_day(cash.closes), second_of_day(derivatives.closes)
    begins, ends = (second_of_day(cash.prints) - before for before in _UNCROSSES_BEFORE_S)
    uncrosses = int(rng.integers(begins, ends + 1))
    shown = {}
    for name, path in index.items():
        shown[name] = path.copy()
        shown[name][first:uncrosses] = path[first - 1]
        jump = 1 + _AUCTION_JUMP * float(rng.standard_normal())
        shown[name][uncrosses:last] = np.round(path[uncrosses] * jump, 2)
    return shown


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
    here, there = mood[_ordinal(day)], mood[_ordinal(day) + 1]
    through = np.arange(DAY_S) / DAY_S
    calm = _VIX_BASE * (here + (there - here) * through)
    fall = -4.0 * np.log(nifty / BASE_LEVEL["NIFTY"])
    level = calm * np.exp(fall + 0.01 * _wobble(rng, 10))
    rounded: Floats = np.round(np.clip(level, 7.0, 60.0), 2)
    return rounded


def _wobble(rng: np.random.Generator, minutes: int) -> Floats:
    """A stationary path by the second that forgets itself within so many minutes."""
    draws = rng.standard_normal(DAY_S // 60 + minutes)
    return by_the_second(np.convolve(draws, np.ones(minutes) / minutes, "valid"))


def _ordinal(day: date) -> int:
    if day < EPOCH:
        raise ValueError(f"the simulated market begins on {EPOCH}, not {day}")
    return (day - EPOCH).days


def second_of_day(moment: datetime) -> int:
    """Whole seconds after its own midnight."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second
