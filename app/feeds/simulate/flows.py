"""How open interest and volume of each simulated contract run through a day."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Floats
from app.feeds.simulate.contracts import Contracts, contracts
from app.feeds.simulate.paths import (
    CLOSE_S,
    DAY_S,
    OPEN_S,
    UNDERLYINGS,
    clock,
    midnight_level,
)
from db.market.exchanges import EXCHANGES

OI_STEP_S = 180
"""Exchanges publish open interest about every three minutes."""

_OI_STEPS = DAY_S // OI_STEP_S
_MINUTES = DAY_S // 60
_STEP_SD = 0.16
_PERSISTENT_SD = 0.35
_DAILY_SD = 0.10
_FOLLOWS = 0.85
_BURST_CHANCE = 0.012
_BURST_MEMORY = 0.985
_UNCHANGED = 0.12
_AFTER_HOURS_VOLUME = 0.01
_LOTS_AT_PEAK = {"NIFTY": 60_000.0, "SENSEX": 45_000.0, "BANKNIFTY": 26_000.0}
_FUTURE_LOTS = {"NIFTY": 230_000.0, "SENSEX": 12_000.0, "BANKNIFTY": 55_000.0}


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """One chain's day. `oi` is (480, n + 1) in units, the last column the future's, one row each
    three minutes; `traded` (1441, n) units since midnight at each minute; `bustle` (1440, n) ≥ 0
    how busy each minute is, 1 on average.
    """

    oi: NDArray[np.int64]
    traded: Floats
    bustle: NDArray[np.float32]


@lru_cache(maxsize=8)
def flows(seed: int, key: str, expiry: date, day: date) -> Flows:
    """Open interest and volume of the chain of an exchange key on a day."""
    chain = contracts(seed, key, expiry)
    if chain.is_monthly and chain.exchange.is_weekly and f"{key}_MONTHLY" in EXCHANGES:
        return _middle(flows(seed, f"{key}_MONTHLY", expiry, day), len(chain.strike))
    family = UNDERLYINGS.index(chain.exchange.underlying_symbol)
    rng = np.random.default_rng([seed, 2, family, expiry.toordinal(), day.toordinal()])
    bustle = rng.standard_exponential((_MINUTES, len(chain.strike)), dtype=np.float32)
    oi = _open_interest(seed, chain, family, day, rng)
    lot = chain.exchange.lot_size
    turnover = oi[0, :-1] * _turnover(chain, _centre(seed, chain, day), day)
    paced = np.cumsum(bustle * _volume_pace(day)[:, None], axis=0, dtype=np.float64)
    traded = np.concatenate([np.zeros((1, len(chain.strike))), paced]) * turnover
    return Flows(oi, np.floor(traded / lot) * lot, bustle)


def _middle(wide: Flows, places: int) -> Flows:
    """In the week of the monthly expiry both keys list the same contracts, one of them fewer."""
    first = (wide.bustle.shape[1] - places) // 2
    chosen = np.arange(first, first + places)
    oi = wide.oi[:, np.append(chosen, -1)]
    return Flows(oi, wide.traded[:, chosen], wide.bustle[:, chosen])


def _open_interest(
    seed: int, chain: Contracts, family: int, day: date, rng: np.random.Generator
) -> NDArray[np.int64]:
    start = _log_level(seed, chain, family, day)
    change = _log_level(seed, chain, family, day + timedelta(days=1)) - start
    pace = clock(day)[::OI_STEP_S]
    steps = rng.standard_normal((_OI_STEPS, len(start))) * np.sqrt(np.diff(pace))[:, None]
    walked = np.concatenate([np.zeros((1, len(start))), np.cumsum(steps, axis=0)])
    logs = start + _STEP_SD * (walked - pace[:, None] * walked[-1]) + pace[:, None] * change
    bursts = _bursts(chain, _centre(seed, chain, day), rng)
    lots = np.round(np.exp(logs[:-1] + bursts))
    held = _hold_some(lots, rng)
    return (held * chain.exchange.lot_size).astype(np.int64)


def _bursts(chain: Contracts, centre: float, rng: np.random.Generator) -> Floats:
    """Logs that somebody's large trades add: near the money one contract in some eighty begins one
    at each step, grows by 10 to 40 percent (or loses as much) within nine minutes, and calms down.
    """
    distance = (chain.strike - centre) / chain.exchange.strike_step
    chance = np.append(_BURST_CHANCE * np.exp(-((distance / 10) ** 2)), 0.0)
    begins = rng.random((_OI_STEPS, len(chance))) < chance
    size = rng.uniform(0.10, 0.40, begins.shape) * np.where(rng.random(begins.shape) < 0.8, 1, -1)
    third = np.where(begins, size, 0.0) / 3
    level, added = np.zeros(len(chance)), np.empty(begins.shape)
    for step in range(_OI_STEPS):
        level = _BURST_MEMORY * level + third[max(0, step - 2) : step + 1].sum(axis=0)
        added[step] = level
    return added


def _hold_some(lots: Floats, rng: np.random.Generator) -> Floats:
    """Some contracts publish no change at a step; they catch up at a later one."""
    steps = np.arange(len(lots))[:, None]
    published = np.where(rng.random(lots.shape) < _UNCHANGED, 0, steps)
    shown: Floats = np.take_along_axis(lots, np.maximum.accumulate(published, axis=0), axis=0)
    return shown


def _log_level(seed: int, chain: Contracts, family: int, day: date) -> Floats:
    """Log of open lots at midnight: contracts (n,) and, last, the future."""
    contract = [seed, 3, family, chain.expiry.toordinal()]
    places = len(chain.strike) + 1
    lasting = np.random.default_rng(contract).standard_normal(places)
    fresh = np.random.default_rng([*contract, day.toordinal()]).standard_normal(places)
    fresh[-1] *= 0.3
    lasting[-1] = 0.0
    return (
        _profile(chain, _centre(seed, chain, day), day)
        + _PERSISTENT_SD * lasting
        + _DAILY_SD * fresh
    )


def _centre(seed: int, chain: Contracts, day: date) -> float:
    """Where interest gathers: it was built around the listing and follows the index."""
    level = midnight_level(seed, day, chain.exchange.underlying_symbol)
    return (1 - _FOLLOWS) * chain.centre + _FOLLOWS * level


def _profile(chain: Contracts, centre: float, day: date) -> Floats:
    """Calls gather above, puts below, both at round strikes, and more as expiry nears."""
    step, underlying = chain.exchange.strike_step, chain.exchange.underlying_symbol
    distance = (chain.strike - centre) / step
    leaning = np.where(chain.is_call, distance - 6, distance + 6)
    roundness = np.where(chain.strike % (10 * step) == 0, 1.1, 0.0)
    roundness += np.where(chain.strike % (2 * step) == 0, 0.4, 0.0)
    days_left = max((chain.expiry - day).days, 0)
    grown = np.log(0.25 + 0.75 * np.exp(-days_left / 10))
    shape = -(np.abs(leaning / 14) ** 1.4) + roundness + grown
    options = np.log(_LOTS_AT_PEAK[underlying]) - 1 + shape
    return np.append(options, np.log(_FUTURE_LOTS[underlying]))


def _turnover(chain: Contracts, centre: float, day: date) -> Floats:
    """Times a day's volume exceeds the open interest: high near the money, higher near expiry."""
    distance = (chain.strike - centre) / chain.exchange.strike_step
    days_left = max((chain.expiry - day).days, 0)
    near = 20.0 * np.exp(-((distance / 16) ** 2)) * np.exp(-days_left / 4)
    lively: Floats = near + 0.4 * np.exp(-((distance / 40) ** 2))
    return lively


def _volume_pace(day: date) -> Floats:
    """Share of the day's volume in each minute: (1440,), most at the open and the close."""
    minute = np.arange(_MINUTES)
    open_now = (minute >= OPEN_S // 60) & (minute < CLOSE_S // 60) & (day.weekday() < 5)
    through = (minute * 60 - OPEN_S) / (CLOSE_S - OPEN_S)
    weight = np.where(open_now, 0.6 + 4.8 * (through - 0.5) ** 2, _AFTER_HOURS_VOLUME)
    pace: Floats = weight / weight.sum()
    return pace
