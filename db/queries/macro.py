"""Rates, crude and volatility, as the legacy tables hold them."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.clock import IST
from db.queries.statements import fetch, fetch_one

_LOOK_BACK = timedelta(days=60)


class Reading(NamedTuple):
    """What was last read of the dollar in INR and of crude in INR a barrel."""

    usdinr: float | None
    crude_price: float | None


class _Close(NamedTuple):
    close: float


def last_reading(connection: Connection, exchange: str, at: datetime) -> Reading | None:
    """The newest reading before a moment, of the same day; None before the day's first."""
    return fetch_one(
        connection,
        Reading,
        "macro",
        "last_reading",
        exchange=exchange,
        start=_midnight(at),
        end=at,
    )


def vix_closes(connection: Connection, exchange: str, at: datetime) -> tuple[float, ...]:
    """The last VIX stored of each of the days before, oldest first."""
    return _closes(connection, "vix_closes", exchange, at)


def index_closes(connection: Connection, exchange: str, at: datetime) -> tuple[float, ...]:
    """The last index stored of each of the days before, oldest first."""
    return _closes(connection, "index_closes", exchange, at)


def _closes(connection: Connection, name: str, exchange: str, at: datetime) -> tuple[float, ...]:
    today = _midnight(at)
    rows = fetch(
        connection,
        _Close,
        "macro",
        name,
        exchange=exchange,
        start=today - _LOOK_BACK,
        end=today,
    )
    return tuple(row.close for row in rows)


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(IST).date(), time(), IST)
