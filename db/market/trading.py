"""Whether a market trades, also where the calendar ends, and how soon that is.

What no row of the calendar covers is unknown: there the usual hours are taken for granted, and what
the feed brings decides.
"""

from datetime import date, datetime, timedelta

from db.market.calendar import Instrument, Phase, is_trading_day, phase, session
from db.market.clock import IST, market_now

_TOLD_DAYS = 14


def may_trade(at: datetime, instrument: Instrument = Instrument.OPTIONS) -> bool:
    """Whether it trades at an aware moment; by the usual hours on a day that no row covers.

    On a day whose hours are unknown it may at any hour.
    """
    found = phase(at, instrument)
    if found is not Phase.UNKNOWN:
        return found is Phase.OPEN
    usual = session(at.astimezone(IST).date(), instrument)
    return usual is None or usual.opens <= at < usual.closes


def options_trade() -> bool:
    """Whether options may trade now, so that a feed that works has something to say."""
    return may_trade(market_now())


def unknown_from(today: date) -> date | None:
    """The first weekday from today on that the calendar does not cover; None within two weeks."""
    ahead = (today + timedelta(days=days) for days in range(_TOLD_DAYS + 1))
    return next((day for day in ahead if is_trading_day(day) is None), None)


def calendar_warning(today: date) -> str | None:
    """A sentence once the calendar's end is near or past."""
    day = unknown_from(today)
    if day is None:
        return None
    return (
        f"The calendar knows no holidays from {day.day} {day:%B %Y} on, and takes each weekday for "
        "a trading day: name them in OI_CALENDAR_FILE."
    )
