"""Which moment of the market each class of instruments shows."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.feeds.simulate.paths import DAY_S, second_of_day
from db.market.calendar import Instrument, previous_trading_day, session
from db.market.clock import IST

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """By the calendar, or `always` open, so that something moves on a Sunday night too."""

    always: bool = False

    def standing(self, at: datetime, instrument: Instrument) -> datetime:
        """The moment of the last price there is at `at`: that moment itself in a session.

        An index stands still from the end of its continuous session until its closing auction has
        been matched, then shows the one price of it.
        """
        moment = at.astimezone(IST).replace(microsecond=0)
        if self.always:
            return moment
        hours = session(moment.date(), instrument)
        if hours is None or moment < hours.opens:
            hours = session(previous_trading_day(moment.date()), instrument)
        if hours is None:
            raise AssertionError("a trading day has a session")
        if moment >= hours.prints > hours.closes:
            return hours.prints
        return min(moment, hours.closes - _SECOND)

    def span(self, day: date, instrument: Instrument) -> range | None:
        """The seconds after midnight of a day's continuous session; None on a day without."""
        if self.always:
            return range(DAY_S)
        hours = session(day, instrument)
        if hours is None:
            return None
        return range(second_of_day(hours.opens), second_of_day(hours.closes))

    def day_before(self, day: date) -> date:
        """The day whose last price is the close that `day` is measured against."""
        return day - timedelta(days=1) if self.always else previous_trading_day(day)


def moment_at(day: date, second: int) -> datetime:
    """The aware moment that many seconds after midnight."""
    return datetime.combine(day, time(), IST) + timedelta(seconds=second)
