"""Market time: the exchange's wall clock, naive IST in the database, aware in Python."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import TIMESTAMP, Dialect
from sqlalchemy.types import TypeDecorator

IST = ZoneInfo("Asia/Kolkata")
SESSION_OPEN = time(9, 15)
SESSION_CLOSE = time(15, 30)


class MarketTime(TypeDecorator[datetime]):
    """A TIMESTAMP WITHOUT TIME ZONE column that holds IST and speaks aware datetimes.

    Binding a naive datetime raises ValueError: whose clock it shows would be a guess.
    """

    impl = TIMESTAMP(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else to_naive_ist(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=IST)


def market_now() -> datetime:
    """The present moment on the exchange's wall clock (aware, Asia/Kolkata)."""
    return datetime.now(IST)


def to_naive_ist(value: datetime) -> datetime:
    """An aware datetime as the naive IST reading that the database holds."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; market time must be given with one")
    return value.astimezone(IST).replace(tzinfo=None)


def expiry_instant(expiry: date) -> datetime:
    """When contracts of that expiry date die: 15:30 IST of the day."""
    return datetime.combine(expiry, SESSION_CLOSE, IST)


def seconds_to_expiry(expiry: date, at: datetime) -> int:
    """Seconds from `at` (aware) to the expiry instant; 0 once it has passed."""
    return max(0, int((expiry_instant(expiry) - at) / timedelta(seconds=1)))


def expiry_from_seconds(at: datetime, time_to_expiry_seconds: int) -> date:
    """The expiry date a legacy row implies by its seconds to expiry."""
    return (at + timedelta(seconds=time_to_expiry_seconds)).astimezone(IST).date()
