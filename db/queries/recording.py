"""A day of history as the feed that once recorded it gave it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from db.market.clock import IST
from db.market.rows import columns_of
from db.market.ticks import ChainSnapshot, OptionColumns, field_names
from db.queries.chain import StoredOption, chain_at, expiry_of
from db.queries.statements import fetch, fetch_one


class _Instant(NamedTuple):
    timestamp: datetime
    exchange: str


class _Context(NamedTuple):
    underlying_price: float | None
    future_price: float | None
    future_oi: int | None
    vix: float | None


def day_instants(connection: Connection, day: date) -> tuple[tuple[datetime, str], ...]:
    """(instant, exchange) of every snapshot of a day, ascending."""
    start = datetime.combine(day, time.min, IST)
    # the last day that there is has no day after it
    end = start + timedelta(days=1) if day < date.max else datetime.combine(day, time.max, IST)
    rows = fetch(connection, _Instant, "recording", "day_instants", start=start, end=end)
    return tuple((row.timestamp, row.exchange) for row in rows)


def stored_chain(connection: Connection, exchange: str, at: datetime) -> ChainSnapshot:
    """What the feed gave for one exchange at exactly `at`; contracts without an expiry are left."""
    rows = chain_at(connection, exchange, at)
    found = fetch_one(connection, _Context, "recording", "context_at", exchange=exchange, at=at)
    context = found or _Context(None, None, None, None)
    index = next((row.underlying_price for row in rows if row.underlying_price is not None), None)
    return ChainSnapshot(
        exchange=exchange,
        timestamp=at,
        options=columns_of(OptionColumns, [row for row in map(_row, rows) if row is not None]),
        underlying_price=context.underlying_price if index is None else index,
        future_price=context.future_price,
        future_oi=context.future_oi,
        vix=context.vix,
    )


_FIELDS = field_names(OptionColumns)


def _row(row: StoredOption) -> Sequence[Any] | None:
    expiry = expiry_of(row)
    if expiry is None:
        return None
    return [expiry if name == "expiry" else getattr(row, name) for name in _FIELDS]
