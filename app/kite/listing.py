"""Which contracts each exchange key follows on a day: read from the dump, never computed."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.kite.instruments import Dump, Instrument, expiries, near_future, options_of
from db.market import calendar
from db.market.clock import IST
from db.market.exchanges import Exchange
from db.market.ticks import OptionColumns

_LOG = logging.getLogger("oi.kite")
VIX_TOKEN = 264969
"""India VIX, as every index a token of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """The contracts of one chain as arrays (n,), by strike, calls first; and what goes with it."""

    exchange: Exchange
    expiry: date
    strike: NDArray[np.float64]
    option_type: NDArray[np.bytes_]
    symbol: NDArray[np.bytes_]
    token: NDArray[np.int64]
    lot_size: int
    index_token: int | None
    future: Instrument | None

    def __len__(self) -> int:
        return len(self.token)

    def columns(self, **told: NDArray[Any]) -> OptionColumns:
        """The contracts with what is told of them: `oi`, `ltp` and so on, arrays (n,)."""
        return OptionColumns(
            strike=self.strike,
            option_type=self.option_type,
            symbol=self.symbol,
            token=self.token,
            expiry=np.full(len(self), np.datetime64(self.expiry, "D")),
            **told,
        )

    def around(self, near: float | None) -> "Listing":
        """The strikes nearest to `near` that its key follows; itself where that is all of them."""
        each_side, strikes = self.exchange.strikes, np.unique(self.strike)
        if each_side is None or 2 * each_side + 1 >= len(strikes):
            return self
        centre = float(np.median(strikes)) if near is None else near
        middle = int(np.abs(strikes - centre).argmin())
        first = min(max(0, middle - each_side), len(strikes) - 2 * each_side - 1)
        chosen = np.isin(self.strike, strikes[first : first + 2 * each_side + 1])
        arrays = {name: getattr(self, name)[chosen] for name in _ARRAYS}
        return replace(self, **arrays)

    def is_off(self, near: float | None) -> bool:
        """Whether `near` lies in the outer half of the strikes, or beyond."""
        if near is None:
            return False
        strikes = np.unique(self.strike)
        place = int(np.abs(strikes - near).argmin())
        return not len(strikes) // 4 <= place <= len(strikes) - 1 - len(strikes) // 4

    def followed(self, near: float | None = None) -> tuple[int, ...]:
        """Tokens to subscribe: index, VIX and future first, then contracts from the money outwards.

        `near` is the underlying's price; the middle of the chain stands for it where none is known.
        """
        centre = float(np.median(self.strike)) if near is None else near
        order = np.argsort(np.abs(self.strike - centre), kind="stable")
        first = [self.index_token, VIX_TOKEN, self.future.token if self.future else None]
        return (*(token for token in first if token is not None), *self.token[order].tolist())


_ARRAYS = ("strike", "option_type", "symbol", "token")


def listed(dump: Dump, exchanges: Iterable[Exchange], at: datetime) -> Mapping[str, Listing]:
    """The chain of each exchange key at an aware moment; a key without one is left out and told.

    A chain is followed to the end of its expiry day's session, then the next one is.
    """
    found = {}
    for exchange in exchanges:
        listing = _listing(dump, exchange, at)
        if listing is None:
            _LOG.warning(
                "the dump of instruments lists no contracts for %s (%s, %s)",
                *(exchange.key, exchange.underlying_symbol, exchange.options_segment),
            )
            continue
        found[exchange.key] = listing
    return found


def first_day(at: datetime, dates: Sequence[date]) -> date:
    """The day from which an expiry is still worth following: today, until today's has died."""
    today = at.astimezone(IST).date()
    dead = today in dates and at >= calendar.expiry_instant(today)
    return today + timedelta(days=1) if dead else today


def _listing(dump: Dump, exchange: Exchange, at: datetime) -> Listing | None:
    name, segment = exchange.underlying_symbol, exchange.options_segment
    dates = expiries(dump, name, f"{segment}-OPT")
    day = first_day(at, dates)
    expiry = exchange.expiry_rule.chosen(dates, day)
    if expiry is None:
        return None
    if calendar.is_trading_day(expiry) is False:
        _LOG.warning("the dump lists an expiry of %s on %s, a holiday", name, expiry)
    contracts = sorted(
        options_of(dump, name, f"{segment}-OPT", expiry), key=lambda each: (each.strike, each.kind)
    )
    return Listing(
        exchange=exchange,
        expiry=expiry,
        strike=np.array([each.strike for each in contracts]),
        option_type=np.array([each.kind.encode() for each in contracts]),
        symbol=np.array([each.symbol.encode() for each in contracts]),
        token=np.array([each.token for each in contracts], dtype=np.int64),
        lot_size=contracts[0].lot_size,
        index_token=exchange.index_token or _share(dump, exchange.index),
        future=near_future(dump, name, f"{segment}-FUT", day),
    )


def _share(dump: Dump, index: str) -> int | None:
    """The token of an underlying that is a share, by 'EXCHANGE:SYMBOL'."""
    exchange, _, symbol = index.partition(":")
    for each in dump.instruments:
        if each.exchange == exchange and each.symbol == symbol:
            return each.token
    return None
