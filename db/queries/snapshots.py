"""Which instants history holds, and all rows between two of them."""

from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection

from db.market.clock import IST
from db.market.ticks import OptionType
from db.queries.statements import fetch, fetch_one

RowT = TypeVar("RowT", bound=NamedTuple)

# An instant is looked for in the days before it first, which lie in one chunk or two; without a
# bound every older chunk would be planned. Longer silences (a holiday week) take a second look.
_NEAR = timedelta(days=7)
_EVER = datetime(1, 1, 2, tzinfo=IST)


class Snapshot(NamedTuple):
    """One instant of history with the totals of its chain."""

    timestamp: datetime
    exchange: str
    contracts: int
    underlying_price: float | None
    future_price: float | None
    oi_ce: int | None
    oi_pe: int | None
    volume_ce: int | None
    volume_pe: int | None
    atm_strike: float | None
    straddle: float | None


class StraddlePoint(NamedTuple):
    """The strike at the money at one instant, and what its call and put cost together."""

    timestamp: datetime
    atm_strike: float | None
    straddle: float | None


class WindowRow(NamedTuple):
    """One contract at one instant, with what the screen shows of its past."""

    timestamp: datetime
    strike: float
    option_type: OptionType
    oi: int | None
    ltp: float | None
    volume: int | None
    iv: float | None
    underlying_price: float | None


class _Instant(NamedTuple):
    timestamp: datetime


class _Extent(NamedTuple):
    start: datetime | None
    end: datetime | None


def snapshot_at(connection: Connection, exchange: str, at: datetime) -> Snapshot | None:
    """The newest snapshot at or before `at` (aware); None before the first one."""
    return _newest(connection, Snapshot, "snapshot_at", exchange, at)


def instant_at(connection: Connection, exchange: str, at: datetime) -> datetime | None:
    """When the newest snapshot at or before `at` (aware) was taken; None before the first one."""
    found = _newest(connection, _Instant, "instant_at", exchange, at)
    return None if found is None else found.timestamp


def index_known_at(
    connection: Connection, exchange: str, since: datetime, before: datetime
) -> datetime | None:
    """When the newest snapshot with an index was taken, from `since` to before `before` (aware)."""
    key = {"exchange": exchange, "since": since, "before": before}
    found = fetch_one(connection, _Instant, "snapshots", "index_known_at", **key)
    return None if found is None else found.timestamp


def instants(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[datetime, ...]:
    """When snapshots were taken from `start` to before `end` (aware), ascending."""
    rows = fetch(
        connection, _Instant, "snapshots", "instants", exchange=exchange, start=start, end=end
    )
    return tuple(row.timestamp for row in rows)


def straddles(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[StraddlePoint, ...]:
    """The straddle at the money of every snapshot from `start` to before `end` (aware)."""
    return fetch(
        connection, StraddlePoint, "snapshots", "straddles", exchange=exchange, start=start, end=end
    )


def extent(connection: Connection, exchange: str) -> tuple[datetime, datetime] | None:
    """The first and the last instant of an exchange's history; None without any."""
    found = fetch_one(connection, _Extent, "snapshots", "first_and_last", exchange=exchange)
    if found is None or found.start is None or found.end is None:
        return None
    return found.start, found.end


def window(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[WindowRow, ...]:
    """Every contract at every instant from `start` to `end` (aware, included), newest first."""
    return fetch(
        connection, WindowRow, "snapshots", "window", exchange=exchange, start=start, end=end
    )


def _newest(
    connection: Connection, row: type[RowT], name: str, exchange: str, at: datetime
) -> RowT | None:
    near = at - _NEAR if at.year > _EVER.year else _EVER
    for since in (near, _EVER):
        found = fetch_one(connection, row, "snapshots", name, exchange=exchange, at=at, since=since)
        if found is not None:
            return found
    return None
