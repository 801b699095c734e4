"""Quotes out of a chain's rows, for whoever holds some: a web process or a collector."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import TYPE_CHECKING

from app.desk.paper.quotes import Contract, Greeks, Quote
from db.errors import InvalidInputError
from db.market.calendar import seconds_to_expiry
from db.market.exchanges import exchange_named
from db.market.lots import lot_size

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from db.queries.chain import LatestOption
    from db.queries.summary import ChainSummary


@dataclass(frozen=True, slots=True)
class ChainRows:
    """One exchange key's newest chain by symbol, with its head line and age."""

    exchange: str
    head: "ChainSummary | None"
    rows: "Mapping[str, LatestOption]"
    age_s: float | None

    @property
    def replayed_at(self) -> datetime | None:
        """The moment that it replays; None of a chain of the present."""
        head = self.head
        return head.timestamp if head is not None and head.source == "replayed" else None

    def quote(self, symbol: str) -> Quote:
        """The newest quote; raises InvalidInputError for a contract that the chain lacks."""
        row, head = self.rows.get(symbol), self.head
        if row is None or row.expiry is None or head is None:
            raise InvalidInputError(f"The chain of {self.exchange} has no contract {symbol}.")
        underlying = exchange_named(self.exchange).underlying_symbol
        size, volatility = lot_size(underlying, row.expiry), self._volatility(row)
        return Quote(
            contract=Contract(self.exchange, symbol, row.expiry, row.strike, row.option_type, size),
            at=row.timestamp,
            age_s=self.age_s,
            source=head.source,
            bid=row.best_bid,
            ask=row.best_ask,
            bid_quantity=row.bid_quantity,
            ask_quantity=row.ask_quantity,
            ltp=row.ltp,
            index=head.underlying_price,
            forward=head.forward,
            iv_forward=volatility,
            greeks=_greeks(row, row.expiry, head.forward, volatility),
        )

    def _volatility(self, row: "LatestOption") -> float | None:
        """By put–call parity both sides of a strike have one; the other side's is as good."""
        if row.iv_forward is not None:
            return row.iv_forward
        others = (each for each in self.rows.values() if each.strike == row.strike)
        return next((each.iv_forward for each in others if each is not row), None)


def _greeks(
    row: "LatestOption", expiry: date, forward: float | None, volatility: float | None
) -> Greeks:
    """By Black's formula on the forward, as payoffs are; none where forward or IV is unknown."""
    from app.analytics.black_scholes import greeks, years_to_expiry

    if forward is None or volatility is None:
        return Greeks()
    years = years_to_expiry(seconds_to_expiry(expiry, row.timestamp))
    is_call = row.option_type == "CE"
    found = greeks(is_call, forward, row.strike, years, volatility / 100, rate=0.0)
    each = (float(one) for one in (found.delta, found.gamma, found.theta, found.vega))
    return Greeks(*(one if isfinite(one) else None for one in each))


class ReadQuotes(ABC):
    """Quotes out of chains that are read once each, so that what is told is of one moment."""

    def __init__(self) -> None:
        self._seen: dict[str, ChainRows] = {}

    def quote(self, exchange: str, symbol: str) -> Quote:
        """The newest quote; raises InvalidInputError for a contract that its chain lacks."""
        return self._chain(exchange).quote(symbol)

    def replayed_at(self, exchange: str) -> datetime | None:
        """The moment that a key's chain replays; None of one that is of the present."""
        return self._chain(exchange).replayed_at

    @abstractmethod
    def _read(self, exchange: str) -> ChainRows:
        """The newest chain of a key."""

    def _chain(self, exchange: str) -> ChainRows:
        if exchange not in self._seen:
            self._seen[exchange] = self._read(exchange)
        return self._seen[exchange]


class StoredQuotes(ReadQuotes):
    """Quotes read from the database."""

    def __init__(self, engine: "Engine") -> None:
        super().__init__()
        self._engine = engine

    def _read(self, exchange: str) -> ChainRows:
        from db.queries.chain import latest_chain
        from db.queries.summary import summary

        exchange_named(exchange)
        with self._engine.connect() as connection:
            head = summary(connection, exchange)
            rows = {row.symbol: row for row in latest_chain(connection, exchange)}
        return ChainRows(exchange, head, rows, None if head is None else head.age_s)


@dataclass(frozen=True, slots=True)
class EngineBooks:
    """Books in the database of an engine that writes."""

    engine: "Engine"

    @contextmanager
    def newest(self) -> "Iterator[Connection]":
        """A connection for reading what was committed last."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> "Iterator[Connection]":
        """A connection in a transaction that is committed on leaving without an error."""
        with self.engine.begin() as connection:
            yield connection
