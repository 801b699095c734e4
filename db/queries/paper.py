"""Paper trading as it is stored: positions, orders, fills, and what settles them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.ticks import OptionType
from db.queries.statements import fetch, fetch_one, scalar


class PaperPosition(NamedTuple):
    """A user's units of one contract (short: < 0); prices in INR, `realised` INR so far."""

    id: int
    symbol: str
    expiry: date
    exchange: str
    strike: float
    option_type: OptionType
    lot_size: int
    units: int
    average_price: float | None
    realised: float
    opened: datetime


class _Bought(NamedTuple):
    timestamp: datetime


class PaperOrder(NamedTuple):
    """An order: filled, resting until `ends`, cancelled or lapsed; `placed_at` is system time.

    `asked` is JSON.
    """

    id: int
    key: str
    kind: str
    asked: str
    status: str
    ends: datetime | None
    placed_at: datetime


class RestingOrder(NamedTuple):
    """An order that waits for its limits to be touched."""

    id: int
    owner: str
    asked: str
    ends: datetime


class PaperFill(NamedTuple):
    """A leg that was filled: units (sold: < 0), INR a unit, INR that it realised."""

    id: int
    order_id: int
    position_id: int
    exchange: str
    symbol: str
    lot_size: int
    timestamp: datetime
    units: int
    price: float
    realised: float
    reason: str


class PaperDay(NamedTuple):
    """What a user realised on a day of the market, and what dealing brought (paid: < 0), in INR."""

    day: date
    realised: float
    cash: float
    fills: int


class PaperTurnover(NamedTuple):
    """What a user dealt on a day under an exchange key: legs that were filled, premiums in INR.

    `exercised` is what contracts paid that were held to their expiry.
    """

    day: date
    exchange: str
    orders: int
    bought: float
    sold: float
    exercised: float


class PaperHeld(NamedTuple):
    """Units of a position (short: < 0) after the last fill of a day of the market."""

    position_id: int
    exchange: str
    symbol: str
    expiry: date
    day: date
    units: int


class PaperClose(NamedTuple):
    """What a contract was quoted and traded at, in INR a unit."""

    symbol: str
    best_bid: float | None
    best_ask: float | None
    ltp: float | None


class IndexLevel(NamedTuple):
    """A level of an index at a moment."""

    timestamp: datetime
    price: float


def open_positions(connection: Connection, owner: str) -> tuple[PaperPosition, ...]:
    """What a user holds, by expiry, strike and side."""
    return fetch(connection, PaperPosition, "paper", "open_positions", owner=owner)


def position(connection: Connection, owner: str, symbol: str, expiry: date) -> PaperPosition | None:
    """A user's position in a contract, flat ones too; None where there never was one."""
    key = {"owner": owner, "symbol": symbol, "expiry": expiry}
    return fetch_one(connection, PaperPosition, "paper", "position", **key)


def last_bought(connection: Connection, owner: str, exchange: str) -> datetime | None:
    """When a user bought a contract of an exchange key last; None where never."""
    found = fetch_one(connection, _Bought, "paper", "last_bought", owner=owner, exchange=exchange)
    return None if found is None else found.timestamp


def realised(connection: Connection, owner: str, exchange: str) -> float:
    """INR that a user ever realised in contracts of an exchange key."""
    return float(scalar(connection, "paper", "realised", {"owner": owner, "exchange": exchange}))


def days(connection: Connection, owner: str) -> tuple[PaperDay, ...]:
    """The days on which a user dealt, ascending."""
    return fetch(connection, PaperDay, "paper", "days", owner=owner)


def turnover(connection: Connection, owner: str) -> tuple[PaperTurnover, ...]:
    """What a user dealt by day and exchange key, ascending."""
    return fetch(connection, PaperTurnover, "paper", "turnover", owner=owner)


def held(connection: Connection, owner: str) -> tuple[PaperHeld, ...]:
    """What each of a user's positions came to on each day on which it was dealt, ascending."""
    return fetch(connection, PaperHeld, "paper", "held", owner=owner)


def closes(
    connection: Connection, exchange: str, at: datetime, symbols: Sequence[str]
) -> tuple[PaperClose, ...]:
    """Prices of these contracts in the snapshot taken exactly at `at` (aware)."""
    binds = {"exchange": exchange, "at": at, "symbols": list(symbols)}
    return fetch(connection, PaperClose, "paper", "closes", **binds)


def order_by_key(connection: Connection, owner: str, key: str) -> PaperOrder | None:
    """The order that came with this key; None if none did."""
    return fetch_one(connection, PaperOrder, "paper", "order_by_key", owner=owner, key=key)


def recent_orders(connection: Connection, owner: str, most: int) -> tuple[PaperOrder, ...]:
    """A user's newest orders."""
    return fetch(connection, PaperOrder, "paper", "recent_orders", owner=owner, most=most)


def resting_of(connection: Connection, owner: str) -> tuple[PaperOrder, ...]:
    """A user's orders that wait."""
    return fetch(connection, PaperOrder, "paper", "resting_of", owner=owner)


def resting(connection: Connection) -> tuple[RestingOrder, ...]:
    """All users' orders that wait, the oldest first."""
    return fetch(connection, RestingOrder, "paper", "resting")


def orders_of_a_day(connection: Connection, owner: str) -> int:
    """How many orders a user placed within the last 24 hours."""
    return int(scalar(connection, "paper", "orders_of_a_day", {"owner": owner}))


def fills(connection: Connection, orders: Sequence[int]) -> tuple[PaperFill, ...]:
    """The fills of these orders, in the order in which they were made."""
    return fetch(connection, PaperFill, "paper", "fills", orders=list(orders))


def listed_lot(connection: Connection, segment: str, symbol: str, expiry: date) -> int | None:
    """Units in a lot as the exchange listed the contract last; None where no dump is stored."""
    binds = {"segment": segment, "symbol": symbol, "expiry": expiry}
    found: int | None = scalar(connection, "paper", "listed_lot", binds)
    return found


def last_index(
    connection: Connection, exchange: str, since: datetime, until: datetime
) -> IndexLevel | None:
    """The last level of an exchange key's index that is stored between two aware moments."""
    binds = {"exchange": exchange, "since": since, "until": until}
    return fetch_one(connection, IndexLevel, "paper", "last_index", **binds)
