"""PCR and open interest by trading day, from the daily rollup."""

from datetime import timedelta

from app.chains.series.day import difference, rounded
from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds

# so many days of the calendar hold one trading day, holiday weeks included
_CALENDAR_DAYS = 1.7
_HOLIDAYS = 14
_DIGITS = 4


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
            "pcr": [rounded(row.pcr, _DIGITS) for row in rows],
            "pcr_volume": [rounded(row.pcr_volume, _DIGITS) for row in rows],
            "oi_ce": [row.oi_ce for row in rows],
            "oi_pe": [row.oi_pe for row in rows],
            "index": [row.underlying_close for row in rows],
            "premium": [difference(row.future_close, row.underlying_close) for row in rows],
        },
    )
