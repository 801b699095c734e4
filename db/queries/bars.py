"""All contracts of an exchange by five minutes over one day, from the rollup.

Where the settings leave rollups out, the same is made of history itself.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from db.market.clock import IST
from db.market.ticks import OptionType
from db.queries.statements import fetch, is_left_out

BAR_MINUTES = 5


class Bar(NamedTuple):
    """A contract over five minutes, `minute` of the day being their first; OI in units."""

    minute: int
    strike: float
    option_type: OptionType
    oi_open: int | None
    oi_close: int | None
    ltp_close: float | None


def day_bars(connection: Connection, exchange: str, day: date) -> tuple[Bar, ...]:
    """Every contract's bars of one day, ascending by minute, strike and side."""
    start = datetime.combine(day, time.min, IST)
    end = start + timedelta(days=1)
    binds = {"exchange": exchange, "start": start, "end": end}
    if is_left_out(connection, "rollups"):
        width = timedelta(minutes=BAR_MINUTES)
        return fetch(connection, Bar, "raw", "day_bars", **binds, width=width)
    return fetch(connection, Bar, "bars", "day", **binds)
