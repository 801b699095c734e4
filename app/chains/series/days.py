"""PCR and open interest by trading day, from the daily rollup."""

from datetime import timedelta

from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from app.chains.series.totals import columns_of

# so many days of the calendar hold one trading day, holiday weeks included
_CALENDAR_DAYS = 1.7
_HOLIDAYS = 14


def multi_day(reading: Reading) -> Series:
    """The last trading days up to the one that is meant, oldest first; figures as of their end."""
    from db.queries.pcr import OiTotal, pcr_days

    rows: tuple[OiTotal, ...] = ()
    if reading.day is not None:
        _, end = bounds(reading.day)
        back = timedelta(days=round(reading.asked.days * _CALENDAR_DAYS) + _HOLIDAYS)
        with reading.source.history() as connection:
            rows = pcr_days(connection, reading.exchange, end - back, end)[-reading.asked.days :]
    return Series(
        facts={},
        columns={
            "days": [row.bucket.date().isoformat() for row in rows],
            **columns_of(rows),
        },
    )
