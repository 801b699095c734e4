"""Which contracts the simulated exchanges list: full-width chains, tokens and symbols."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Bools, Floats
from app.feeds.simulate.noise import Codes, code, share
from app.feeds.simulate.paths import midnight_level, second_of_day
from app.feeds.simulate.underlyings import Underlying, underlying_of
from db.market.calendar import expiry_instant
from db.market.exchanges import EXCHANGES, Exchange
from db.market.lots import lot_size
from db.market.symbols import next_expiry, next_monthly_expiry, option_symbol

SEGMENTS = {"NFO": 2, "BFO": 5}
"""What a token ends in by the segment that lists its contract, as at the broker."""

# as wide as the real chains of August 2026: 105–121, 134–176, 123 and 167 strikes
_STRIKES = {"NSE": 113, "BSE": 151, "NSE_MONTHLY": 123, "BANKNIFTY_MONTHLY": 167}
_INDEX_STRIKES, _SHARE_STRIKES = 121, 43
_LISTED_BEFORE = timedelta(days=21)
_SLOTS = 512
_EXPIRY_SLOTS = 128
_FIRST_TOKEN = 20_000
# further from the money than so many strikes some contracts are not listed, others never quoted
_PATCHY_FROM = 46
_ABSENT = 0.12
_MUTE = 0.08


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
    def underlying(self) -> Underlying:
        """What the market knows of the underlying."""
        return underlying_of(self.exchange.underlying_symbol)


def expiry_at(exchange: Exchange, day: date, second: int) -> date:
    """The expiry a trader watches at that second of the day, of those still alive.

    It is the one that the key's rule names; where that is a date which has passed, the next one.
    """
    first = next(expiries_from(exchange, day))
    if first == day and second >= second_of_day(expiry_instant(first)):
        day += timedelta(days=1)
    rule, alive = exchange.expiry_rule, expiries_from(exchange, day)
    if rule.fixed is not None and rule.fixed >= day:
        return rule.fixed
    return next(islice(alive, rule.skipped, None))


def expiries_from(exchange: Exchange, day: date) -> Iterator[date]:
    """The expiries of a key's kind on or after a day; few underlyings have weekly ones."""
    has_weeklies = underlying_of(exchange.underlying_symbol).has_weeklies
    following = next_expiry if has_weeklies else next_monthly_expiry
    while True:
        found = following(exchange, day)
        yield found
        day = found + timedelta(days=1)


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
    half = _width(exchange) // 2
    grid = centre + exchange.strike_step * np.arange(-half, half + 1)
    strike, is_call = np.repeat(grid, 2), np.tile([True, False], len(grid))
    one = underlying_of(underlying)
    return Contracts(
        exchange=exchange,
        expiry=expiry,
        future_expiry=next_monthly_expiry(exchange, expiry),
        lot=lot_size(underlying, expiry) or one.lot,
        centre=centre,
        strike=strike,
        is_call=is_call,
        token=_tokens(exchange, expiry, strike, is_call),
        symbol=tuple(
            option_symbol(underlying, expiry, k, "CE" if call else "PE")
            for k, call in zip(strike.tolist(), is_call.tolist(), strict=True)
        ),
        code=code(seed, one.family, expiry.toordinal(), strike, is_call),
        quoted=np.ones(len(strike), dtype=np.bool_),
    )


def _width(exchange: Exchange) -> int:
    """How many strikes a chain has."""
    return _STRIKES.get(
        exchange.key, _SHARE_STRIKES if exchange.index_token is None else _INDEX_STRIKES
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
    family = underlying_of(exchange.underlying_symbol).family * _EXPIRY_SLOTS
    family += expiry.toordinal() % _EXPIRY_SLOTS
    place = (strike / exchange.strike_step).astype(np.int64) * 2 % _SLOTS + ~is_call
    return (_FIRST_TOKEN + family * _SLOTS + place) * 256 + SEGMENTS[exchange.options_segment]
