"""Which contracts the simulated exchanges list: full-width chains, tokens and symbols."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Bools, Floats
from app.feeds.simulate.noise import Codes, code, share
from app.feeds.simulate.paths import UNDERLYINGS, midnight_level, second_of_day
from db.market.calendar import expiry_instant
from db.market.exchanges import EXCHANGES, Exchange
from db.market.lots import lot_size
from db.market.symbols import next_expiry, next_monthly_expiry, option_symbol

# as wide as the real chains of August 2026: 105–121, 134–176, 123 and 167 strikes
STRIKES = {"NSE": 113, "BSE": 151, "NSE_MONTHLY": 123, "BANKNIFTY_MONTHLY": 167}
_LISTED_BEFORE = timedelta(days=21)
_SEGMENTS = {"NFO": 2, "BFO": 5}
_SLOTS = 512
_EXPIRY_SLOTS = 128
_FIRST_TOKEN = 20_000
# further from the money than so many strikes some contracts are not listed, others never quoted
_PATCHY_FROM = 46
_ABSENT = 0.12
_MUTE = 0.08
_LOT_UNKNOWN = {"NIFTY": 75, "SENSEX": 10, "BANKNIFTY": 15}


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """One chain: arrays (n,), ascending by strike, a strike's call before its put.

    `code` is what a contract's randomness hangs on, whichever chain shows it; `quoted` is False of
    those nobody ever quotes; `lot` is in units.
    """

    exchange: Exchange
    expiry: date
    future_expiry: date
    lot: int
    centre: float
    strike: Floats
    is_call: Bools
    token: NDArray[np.int64]
    symbol: tuple[str, ...]
    code: Codes
    quoted: Bools

    @property
    def family(self) -> int:
        """The place of the underlying among `UNDERLYINGS`."""
        return UNDERLYINGS.index(self.exchange.underlying_symbol)


def simulated() -> tuple[str, ...]:
    """The exchange keys that are simulated; an operator's own ones are not."""
    return tuple(key for key in EXCHANGES if key in STRIKES)


def expiry_at(exchange: Exchange, day: date, second: int) -> date:
    """The expiry a trader watches at that second of the day: the next one still alive."""
    expiry = next_expiry(exchange, day)
    if expiry == day and second >= second_of_day(expiry_instant(expiry)):
        return next_expiry(exchange, day + timedelta(days=1))
    return expiry


@lru_cache(maxsize=64)
def listed(seed: int, key: str, expiry: date, day: date, strikes: int | None = None) -> Contracts:
    """The chain of an exchange key as it is on a day, at most the `strikes` nearest to the money.

    The money is where the index stands at midnight, so that all instants of a day agree. Far from
    it some contracts are missing and some are never quoted.
    """
    chain = contracts(seed, key, expiry)
    steps = chain.strike - midnight_level(seed, day, chain.exchange.underlying_symbol)
    steps = np.abs(steps) / chain.exchange.strike_step
    chance = share(code(chain.code, day.toordinal(), 1))
    patchy = steps >= _PATCHY_FROM
    kept = ~(patchy & (chance < _ABSENT))
    if strikes is not None:
        nearest = np.unique(steps)[:strikes] if len(steps) else steps
        kept &= steps <= nearest[-1]
    return _chosen(replace(chain, quoted=~(patchy & (chance > 1 - _MUTE))), np.flatnonzero(kept))


@lru_cache(maxsize=32)
def contracts(seed: int, key: str, expiry: date) -> Contracts:
    """All that is listed for an expiry, centred where the index stood at listing."""
    exchange = EXCHANGES[key]
    underlying = exchange.underlying_symbol
    level = midnight_level(seed, expiry - _LISTED_BEFORE, underlying)
    centre = round(level / exchange.strike_step / 10) * 10 * exchange.strike_step
    half = STRIKES[key] // 2
    grid = centre + exchange.strike_step * np.arange(-half, half + 1)
    strike, is_call = np.repeat(grid, 2), np.tile([True, False], len(grid))
    family = UNDERLYINGS.index(underlying)
    return Contracts(
        exchange=exchange,
        expiry=expiry,
        future_expiry=next_monthly_expiry(exchange, expiry),
        lot=lot_size(underlying, expiry) or _LOT_UNKNOWN[underlying],
        centre=centre,
        strike=strike,
        is_call=is_call,
        token=_tokens(exchange, expiry, strike, is_call),
        symbol=tuple(
            option_symbol(underlying, expiry, k, "CE" if call else "PE")
            for k, call in zip(strike.tolist(), is_call.tolist(), strict=True)
        ),
        code=code(seed, family, expiry.toordinal(), strike, is_call),
        quoted=np.ones(len(strike), dtype=np.bool_),
    )


def _chosen(chain: Contracts, kept: NDArray[np.int64]) -> Contracts:
    return replace(
        chain,
        strike=chain.strike[kept],
        is_call=chain.is_call[kept],
        token=chain.token[kept],
        symbol=tuple(chain.symbol[place] for place in kept),
        code=chain.code[kept],
        quoted=chain.quoted[kept],
    )


def _tokens(exchange: Exchange, expiry: date, strike: Floats, is_call: Bools) -> NDArray[np.int64]:
    """Kite's form: the exchange's token shifted by eight bits, the segment in the lowest eight."""
    family = UNDERLYINGS.index(exchange.underlying_symbol) * _EXPIRY_SLOTS
    family += expiry.toordinal() % _EXPIRY_SLOTS
    place = (strike / exchange.strike_step).astype(np.int64) * 2 % _SLOTS + ~is_call
    return (_FIRST_TOKEN + family * _SLOTS + place) * 256 + _SEGMENTS[exchange.options_segment]
