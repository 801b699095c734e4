"""PCR, totals and the index by minute, by five minutes and by day, from the rollups.

Where the settings leave rollups out, the same is made of the snapshots themselves.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from db.queries.statements import fetch, is_left_out

_WIDTHS = {
    "minutes": timedelta(minutes=1),
    "five_minutes": timedelta(minutes=5),
    "days": timedelta(days=1),
}


class OiTotal(NamedTuple):
    """One bucket: OI, volume and future as of its end, the index over it, PCR of OI and volume."""

    bucket: datetime
    oi_ce: int | None
    oi_pe: int | None
    volume_ce: int | None
    volume_pe: int | None
    underlying_open: float | None
    underlying_high: float | None
    underlying_low: float | None
    underlying_close: float | None
    future_close: float | None
    snapshots: int
    pcr: float | None
    pcr_volume: float | None


def pcr_minutes(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[OiTotal, ...]:
    """Buckets of a minute from `start` to before `end` (aware)."""
    return _totals(connection, "minutes", exchange, start, end)


def pcr_five_minutes(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[OiTotal, ...]:
    """Buckets of five minutes from `start` to before `end` (aware)."""
    return _totals(connection, "five_minutes", exchange, start, end)


def pcr_days(
    connection: Connection, exchange: str, start: datetime, end: datetime
) -> tuple[OiTotal, ...]:
    """Trading days from `start` to before `end` (aware)."""
    return _totals(connection, "days", exchange, start, end)


def _totals(
    connection: Connection, name: str, exchange: str, start: datetime, end: datetime
) -> tuple[OiTotal, ...]:
    binds = {"exchange": exchange, "start": start, "end": end}
    if is_left_out(connection, "rollups"):
        return fetch(connection, OiTotal, "raw", "totals", **binds, width=_WIDTHS[name])
    return fetch(connection, OiTotal, "pcr", name, **binds)
