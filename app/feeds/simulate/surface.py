"""What the options of a simulated chain are worth at each second of a day.

Values are Black's around the forward, on a smile that is the SSVI surface with a power law of
exponent ½ (J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
Finance 14, 2014; η² (1 + |ρ|) ≤ 4). On it the value of the out-of-the-money side, over the
geometric mean of forward and strike and over the deviation at the money, depends on the scaled
distance alone, up to a ten-thousandth: one table serves all chains.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import YEAR_S
from app.feeds.simulate.contracts import Contracts
from app.feeds.simulate.noise import code, drawn, noise
from app.feeds.simulate.paths import DAY_S, DayPaths, by_the_second, second_of_day
from db.market.calendar import expiry_instant

Singles = NDArray[np.float32]
Seconds = NDArray[np.int64]

_SKEW = -0.4
_WINGS = 1.0
_REACH, _STEPS_PER_UNIT = 48, 64
_CARRY_NEAR, _CARRY_FAR, _CARRY_SD, _CARRY_DAILY_SD = 0.068, 0.058, 0.008, 0.003
_CARRY_LIMITS = (0.042, 0.08)
_NEAR_DAYS = 10.0
_SHORTEST_S = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One chain's day, by the second (86 400,) unless said.

    `distance` is ln(forward / centre), `per_unit` 1 / deviation at the money, `worth` that
    deviation times the root of forward × discount², `spot` the index less the chain's centre;
    `strike` (n,) is ln(strike / centre), `root` (n,) the root of the strike. The discounted strike
    less the centre is `floor` + `floor_slope` × second, both (n,); `sign` (n,) is −1 of puts.
    """

    distance: Singles
    per_unit: Singles
    worth: Singles
    spot: Singles
    strike: Singles
    root: Singles
    floor: Singles
    floor_slope: Singles
    sign: Singles

    def value(self, second: Seconds) -> Singles:
        """INR (m, n) at seconds (m, 1), or at a second of its own for each contract (m, n)."""
        x = np.take(self.distance, second, mode="clip")
        x = np.subtract(self.strike, x)
        x *= np.take(self.per_unit, second, mode="clip")
        x += np.float32(_REACH)
        x *= np.float32(_STEPS_PER_UNIT)
        np.clip(x, 0, np.float32(2 * _REACH * _STEPS_PER_UNIT - 1), out=x)
        cell = x.astype(np.intp)
        x -= cell
        value, slope = _table()
        x *= np.take(slope, cell, mode="clip")
        x += np.take(value, cell, mode="clip")
        x *= np.take(self.worth, second, mode="clip")
        x *= self.root
        paid = np.multiply(second.astype(np.float32), self.floor_slope)
        paid += self.floor
        np.subtract(np.take(self.spot, second, mode="clip"), paid, out=paid)
        paid *= self.sign
        np.maximum(paid, 0, out=paid)
        x += paid
        return x


def surface(seed: int, chain: Contracts, day: date, paths: DayPaths) -> Surface:
    """The surface of a chain on a day."""
    name, centre = chain.exchange.underlying_symbol, chain.centre
    rate, spot = carry(seed, chain.underlying.family, chain.expiry, day), paths.index[name]
    left = seconds_left(chain.expiry, day) - np.arange(0, DAY_S + 60, 60)
    years = np.maximum(left, _SHORTEST_S) / YEAR_S
    deviation = paths.vix * (chain.underlying.volatility / 100) * np.sqrt(years)
    worth = by_the_second((deviation * np.exp(-rate * years / 2)).astype(np.float32))
    worth *= np.sqrt(spot.astype(np.float32))
    distance = np.log((spot / centre).astype(np.float32))
    distance += by_the_second((rate * years).astype(np.float32))
    ends = np.exp(-rate * left[[0, -1]] / YEAR_S)
    return Surface(
        distance=distance,
        per_unit=by_the_second((1 / deviation).astype(np.float32)),
        worth=worth,
        spot=(spot - centre).astype(np.float32),
        strike=np.log(chain.strike / centre).astype(np.float32),
        root=np.sqrt(chain.strike).astype(np.float32),
        floor=(chain.strike * ends[0] - centre).astype(np.float32),
        floor_slope=(chain.strike * (ends[1] - ends[0]) / DAY_S).astype(np.float32),
        sign=np.where(chain.is_call, 1, -1).astype(np.float32),
    )


def carry(seed: int, family: int, expiry: date, day: date) -> float:
    """Rate a year by which the market's forward for an expiry stands above the index on a day."""
    days = (expiry - day).days
    typical = _CARRY_FAR + (_CARRY_NEAR - _CARRY_FAR) * np.exp(-max(days, 0) / _NEAR_DAYS)
    contract = code(seed, 4, family, expiry.toordinal())
    lasting = drawn(noise(seed).normal, contract)
    fresh = drawn(noise(seed).normal, code(contract, day.toordinal()))
    found = typical + _CARRY_SD * lasting + _CARRY_DAILY_SD * fresh
    return float(np.clip(found, *_CARRY_LIMITS)[0])


def seconds_left(expiry: date, day: date) -> int:
    """Seconds to the expiry instant from the first second of a day."""
    return (expiry - day).days * DAY_S + second_of_day(expiry_instant(expiry))


@lru_cache(maxsize=1)
def _table() -> tuple[Singles, Singles]:
    """Scaled value of the out-of-the-money side by scaled distance, and its change to the next."""
    from scipy.special import ndtr

    x = np.arange(-_REACH * _STEPS_PER_UNIT, _REACH * _STEPS_PER_UNIT + 1) / _STEPS_PER_UNIT
    scaled = _WINGS * x
    total = (1 + _SKEW * scaled + np.sqrt((scaled + _SKEW) ** 2 + 1 - _SKEW**2)) / 2
    z = np.abs(x) / np.sqrt(total)
    value = np.sqrt(total) * (np.exp(-z * z / 2) / np.sqrt(2 * np.pi) - z * ndtr(-z))
    return value[:-1].astype(np.float32), np.diff(value).astype(np.float32)
