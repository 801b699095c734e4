"""PCR, index, premium and the straddle at the money by minute over one trading day."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from app.chains.series.axis import axis
from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from app.chains.series.totals import columns_of, rounded
from db.market.calendar import LONGEST_CLOSURE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.pcr import OiTotal
    from db.queries.snapshots import StraddlePoint


def day_series(reading: Reading) -> Series:
    """The day that is meant; empty arrays without one, or where nothing is stored of it."""
    if reading.day is None:
        return _series(None, (), (), ())
    with reading.source.history() as connection:
        return _read(connection, reading.exchange, reading.day)


def _read(connection: "Connection", exchange: str, day: date) -> Series:
    from db.queries.pcr import pcr_days, pcr_minutes
    from db.queries.snapshots import straddles

    start, end = bounds(day)
    return _series(
        day,
        pcr_minutes(connection, exchange, start, end),
        straddles(connection, exchange, start, end),
        pcr_days(connection, exchange, start - LONGEST_CLOSURE, start),
    )


def _series(
    day: date | None,
    rows: "Iterable[OiTotal]",
    straddles: "Iterable[StraddlePoint]",
    earlier: "tuple[OiTotal, ...]",
) -> Series:
    totals = tuple(rows)
    minutes = [row.bucket.strftime("%H:%M") for row in totals]
    # the last one of a minute stands for it, as in the rollup
    at_the_money = {point.timestamp.strftime("%H:%M"): point for point in straddles}
    known = [at_the_money.get(minute) for minute in minutes]
    return Series(
        facts={**axis(day, minutes), **_previous_close(earlier)},
        columns={
            "minutes": minutes,
            **columns_of(totals),
            "atm": [None if point is None else point.atm_strike for point in known],
            "straddle": [None if point is None else rounded(point.straddle, 2) for point in known],
        },
    )


def _previous_close(earlier: "tuple[OiTotal, ...]") -> dict[str, Any]:
    """The index at the end of the last stored day before, and that day; None where none is."""
    last = earlier[-1] if earlier else None
    known = last is not None and last.underlying_close is not None
    return {
        "previous_close": last.underlying_close if last else None,
        "previous_close_day": last.bucket.date().isoformat() if last and known else None,
    }
