"""Market time: the exchange's wall clock, naive IST in the database, aware in Python."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from db.market.limits import FUTURE_TOLERANCE_S

IST = ZoneInfo("Asia/Kolkata")
NO_TIMESTAMP = "timestamp is not one"
IN_THE_FUTURE = "dated in the future"
_FIRST_YEAR = 1990
_TOLERANCE = timedelta(seconds=FUTURE_TOLERANCE_S)


def market_now() -> datetime:
    """The present moment on the exchange's wall clock (aware, Asia/Kolkata)."""
    return datetime.now(IST)


def to_naive_ist(value: datetime) -> datetime:
    """An aware datetime as the naive IST reading that the database holds.

    Raises ValueError for a naive one, which is of an unknown zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; market time must be given with one")
    return value.astimezone(IST).replace(tzinfo=None)


def expiry_from_seconds(at: datetime, time_to_expiry_seconds: int) -> date:
    """The expiry date a legacy row implies by its seconds to expiry."""
    return (at + timedelta(seconds=time_to_expiry_seconds)).astimezone(IST).date()


def instant_fault(timestamp: datetime, now: Callable[[], datetime] = market_now) -> str | None:
    """Why a moment cannot be one of a market's; naive ones cannot be placed in time.

    One further ahead of `now` than the tolerance would stand at the live edge until it comes.
    """
    if timestamp.tzinfo is None or timestamp.year < _FIRST_YEAR:
        return NO_TIMESTAMP
    try:
        ahead = timestamp - now()
    except OverflowError:
        return NO_TIMESTAMP
    return IN_THE_FUTURE if ahead > _TOLERANCE else None
