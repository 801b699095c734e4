"""PCR and index by minute over one trading day, for the chart."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection


def day_series(connection: "Connection", exchange: str, at: datetime | None) -> dict[str, Any]:
    """The day of `at` (aware, market time) as parallel arrays; empty ones without a day.

    `minutes` are 'HH:MM' in IST, `index` is the close of each minute in points, and
    `previous_close` the index at the end of the trading day before (None if unknown).
    """
    if at is None:
        return {"day": None, "minutes": [], "pcr": [], "index": [], "previous_close": None}
    from db.market.clock import IST
    from db.queries.pcr import pcr_minutes

    day = at.astimezone(IST).date()
    start = datetime.combine(day, time.min, IST)
    rows = pcr_minutes(connection, exchange, start, start + timedelta(days=1))
    return {
        "day": day.isoformat(),
        "minutes": [row.bucket.strftime("%H:%M") for row in rows],
        "pcr": [row.pcr for row in rows],
        "index": [row.underlying_close for row in rows],
        "previous_close": _previous_close(connection, exchange, start),
    }


def _previous_close(connection: "Connection", exchange: str, start: datetime) -> float | None:
    from db.queries.pcr import pcr_days

    # the longest closure of the exchange is shorter than ten days
    days = pcr_days(connection, exchange, start - timedelta(days=10), start)
    return days[-1].underlying_close if days else None
