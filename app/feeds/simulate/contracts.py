"""Which contracts the simulated exchanges list: full-width chains, tokens and symbols."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Bools, Floats
from app.feeds.simulate.paths import CLOSE_S, midnight_level
from db.market.exchanges import EXCHANGES, Exchange
from db.market.symbols import expiry_weekday, next_expiry, next_monthly_expiry, option_symbol

# as wide as the real chains of August 2026: 105–121, 134–176, 123 and 167 strikes
STRIKES = {"NSE": 113, "BSE": 151, "NSE_MONTHLY": 123, "BANKNIFTY_MONTHLY": 167}
_LISTED_BEFORE = timedelta(days=21)
_SEGMENTS = {"NFO": 2, "BFO": 5}
_SLOTS = 512
_EXPIRY_SLOTS = 128
_FAMILIES = {"NIFTY": 0, "SENSEX": 1, "BANKNIFTY": 2}
_FIRST_TOKEN = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """One chain: arrays of n = 2 × strikes, calls and puts alternating from the lowest strike."""

    exchange: Exchange
    expiry: date
    future_expiry: date
    centre: float
    strike: Floats
    is_call: Bools
    token: NDArray[np.int64]
    symbol: tuple[str, ...]

    @property
    def is_monthly(self) -> bool:
        """Whether these are the contracts of a month's last expiry."""
        return self.expiry == self.future_expiry


def expiry_at(exchange: Exchange, day: date, second: int) -> date:
    """The expiry a trader watches at that second of the day: the next one still alive."""
    expiry = next_expiry(exchange, day)
    if expiry == day and second >= CLOSE_S:
        return next_expiry(exchange, day + timedelta(days=1))
    return expiry


@lru_cache(maxsize=32)
def contracts(seed: int, key: str, expiry: date) -> Contracts:
    """The chain of an exchange key for an expiry, centred where the index stood at listing."""
    exchange = EXCHANGES[key]
    underlying = exchange.underlying_symbol
    level = midnight_level(seed, expiry - _LISTED_BEFORE, underlying)
    centre = round(level / exchange.strike_step / 10) * 10 * exchange.strike_step
    half = STRIKES[key] // 2
    listed = centre + exchange.strike_step * np.arange(-half, half + 1)
    strike, is_call = np.repeat(listed, 2), np.tile([True, False], len(listed))
    return Contracts(
        exchange=exchange,
        expiry=expiry,
        future_expiry=next_monthly_expiry(expiry_weekday(exchange), expiry),
        centre=centre,
        strike=strike,
        is_call=is_call,
        token=_tokens(exchange, expiry, strike, is_call),
        symbol=tuple(
            option_symbol(underlying, expiry, k, "CE" if call else "PE")
            for k, call in zip(strike.tolist(), is_call.tolist(), strict=True)
        ),
    )


def _tokens(exchange: Exchange, expiry: date, strike: Floats, is_call: Bools) -> NDArray[np.int64]:
    """Kite's form: the exchange's token shifted by eight bits, the segment in the lowest eight."""
    family = _FAMILIES[exchange.underlying_symbol] * _EXPIRY_SLOTS
    family += expiry.toordinal() % _EXPIRY_SLOTS
    place = (strike / exchange.strike_step).astype(np.int64) * 2 % _SLOTS + ~is_call
    return (_FIRST_TOKEN + family * _SLOTS + place) * 256 + _SEGMENTS[exchange.options_segment]
