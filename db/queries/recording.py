"""A day of history as the feed that once recorded it gave it."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.clock import IST, expiry_from_seconds
from db.market.ticks import ChainSnapshot, OptionTick
from db.queries.chain import StoredOption, chain_at
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
    end = start + timedelta(days=1)
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
        options=tuple(tick for tick in map(_tick, rows) if tick is not None),
        underlying_price=context.underlying_price if index is None else index,
        future_price=context.future_price,
        future_oi=context.future_oi,
        vix=context.vix,
    )


def _tick(row: StoredOption) -> OptionTick | None:
    expiry = _expiry(row)
    if expiry is None:
        return None
    return OptionTick(
        token=row.token,
        symbol=row.symbol,
        strike=row.strike,
        option_type=row.option_type,
        expiry=expiry,
        ltp=row.ltp,
        oi=row.oi,
        volume=row.volume,
        best_bid=row.best_bid,
        best_ask=row.best_ask,
        bid_quantity=row.bid_quantity,
        ask_quantity=row.ask_quantity,
    )


def _expiry(row: StoredOption) -> date | None:
    if row.expiry is not None or row.time_to_expiry_seconds is None:
        return row.expiry
    return expiry_from_seconds(row.timestamp, row.time_to_expiry_seconds)
