"""Where the indices, their futures and the VIX stand at each second of a simulated day.

Log levels revert slowly to a base from day to day; within a day each is a Brownian bridge between
the level at midnight and the next, on a clock that runs fast in market hours (fastest at the open
and the close) and slowly outside them. So nights leave gaps, and a demo moves at any hour.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from app.analytics.black_scholes import Floats

DAY_S = 86_400
OPEN_S, CLOSE_S = 9 * 3600 + 15 * 60, 15 * 3600 + 30 * 60
UNDERLYINGS = ("NIFTY", "SENSEX", "BANKNIFTY")
BASE_LEVEL = {"NIFTY": 26_000.0, "SENSEX": 85_200.0, "BANKNIFTY": 59_200.0}
EPOCH = date(2020, 1, 1)

_DAILY_SD = np.array([0.0078, 0.0078, 0.0095])
_MARKET_SHARE = np.array([0.98, 0.975, 0.88])
_REVERSION = 0.02
_QUIET_PACE = 0.12
_VIX_BASE = 12.0
_DAYS_AT_ONCE = 730


@dataclass(frozen=True, slots=True, eq=False)
class DayPaths:
    """One calendar day by the second: arrays (86 400,), index levels in points, VIX in percent."""

    index: dict[str, Floats]
    basis: dict[str, Floats]
    vix: Floats


@lru_cache(maxsize=4)
def day_paths(seed: int, day: date) -> DayPaths:
    """The paths of a calendar day; raises ValueError before 2020."""
    levels, mood = _levels_until(seed, day)
    rng = np.random.default_rng([seed, 1, day.toordinal()])
    pace = clock(day)
    market = rng.standard_normal(DAY_S, dtype=np.float32)
    index = {}
    for i, name in enumerate(UNDERLYINGS):
        own = rng.standard_normal(DAY_S, dtype=np.float32)
        share = _MARKET_SHARE[i]
        noise = share * market + np.sqrt(1 - share**2) * own
        start, end = levels[_ordinal(day) : _ordinal(day) + 2, i]
        logs = start + _bridge(noise, pace, end - start, _DAILY_SD[i] * float(mood[_ordinal(day)]))
        index[name] = BASE_LEVEL[name] * np.exp(logs)
    return DayPaths(index, _basis(rng), _vix(rng, mood, day, index["NIFTY"]))


def midnight_level(seed: int, day: date, underlying: str) -> float:
    """Where an index stands at the first second of a day; raises ValueError before 2020."""
    levels, _ = _levels_until(seed, day)
    logs = levels[_ordinal(day), UNDERLYINGS.index(underlying)]
    return float(BASE_LEVEL[underlying] * np.exp(logs))


def clock(day: date) -> Floats:
    """Share of the day's variance behind each second's start: (86 401,) from 0 to 1."""
    second = np.arange(DAY_S)
    open_now = (second >= OPEN_S) & (second < CLOSE_S) & (day.weekday() < 5)
    through = (second - OPEN_S) / (CLOSE_S - OPEN_S)
    lively = 0.75 + 1.6 * (through - 0.5) ** 2 * 2
    weight = np.where(open_now, lively, _QUIET_PACE)
    return np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])


def _bridge(noise: Floats, pace: Floats, change: float, deviation: float) -> Floats:
    """From 0 at the first second to `change` at the day's end, `deviation` being the day's."""
    steps = np.cumsum(noise * np.sqrt(np.diff(pace)))
    walked = np.concatenate([[0.0], steps])
    bridged: Floats = (deviation * (walked - pace * walked[-1]) + pace * change)[:-1]
    return bridged


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
    minutes = np.arange(0, DAY_S + 60, 60)
    found = {}
    for name in UNDERLYINGS:
        noise = np.convolve(rng.standard_normal(len(minutes) + 14), np.ones(15) / 15, "valid")
        found[name] = np.interp(np.arange(DAY_S), minutes, noise * 3e-4)
    return found


def _vix(rng: np.random.Generator, mood: Floats, day: date, nifty: Floats) -> Floats:
    """Rises when the index falls (leverage) and with the day's nerves."""
    here, there = mood[_ordinal(day)], mood[_ordinal(day) + 1]
    through = np.arange(DAY_S) / DAY_S
    calm = _VIX_BASE * (here + (there - here) * through)
    fall = -4.0 * np.log(nifty / BASE_LEVEL["NIFTY"])
    minutes = np.arange(0, DAY_S + 60, 60)
    wobble = np.convolve(rng.standard_normal(len(minutes) + 9), np.ones(10) / 10, "valid")
    level = calm * np.exp(fall + 0.01 * np.interp(np.arange(DAY_S), minutes, wobble))
    rounded: Floats = np.round(np.clip(level, 7.0, 60.0), 2)
    return rounded


def _ordinal(day: date) -> int:
    if day < EPOCH:
        raise ValueError(f"the simulated market begins on {EPOCH}, not {day}")
    return (day - EPOCH).days
