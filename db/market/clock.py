"""Market time: the exchange's wall clock, naive IST in the database, aware in Python."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")


def market_now() -> datetime:
    """The present moment on the exchange's wall clock (aware, Asia/Kolkata)."""
    return datetime.now(IST)


def to_naive_ist(value: datetime) -> datetime:
    """An aware datetime as the naive IST reading that the database holds."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; market time must be given with one")
    return value.astimezone(IST).replace(tzinfo=None)


def expiry_from_seconds(at: datetime, time_to_expiry_seconds: int) -> date:
    """The expiry date a legacy row implies by its seconds to expiry."""
    return (at + timedelta(seconds=time_to_expiry_seconds)).astimezone(IST).date()
