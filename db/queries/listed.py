"""What the exchanges listed, by the days' dumps of instruments."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from db.queries.statements import fetch


class _Expiry(NamedTuple):
    expiry: date


def listed_expiries(
    connection: Connection, underlying: str, segment: str, day: date
) -> tuple[date, ...]:
    """Expiries of an underlying's options in a segment ('NFO') that were alive on a day, ascending.

    Of a day before the first dump that was stored they are those of that dump.
    """
    rows = fetch(
        connection, _Expiry, "listed", "expiries", underlying=underlying, segment=segment, day=day
    )
    return tuple(row.expiry for row in rows)
