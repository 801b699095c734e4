"""When the exchanges trade: sessions by date and class of instrument, holidays, expiry instants.

A table of explicit rows (`facts/calendar.toml`), because libraries are wrong for India and rules
change by circular. An operator's file of the same form goes before it day by day; beyond the last
row a day is unknown. Everything that asks for a session, an end of day, an expiry instant or the
axis of a chart asks here.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from db.errors import InvalidInputError
from db.market.clock import IST

LONGEST_CLOSURE = timedelta(days=15)
"""Every closure of the exchange is shorter: what lies further back is not the day before."""

_FILE = Path(__file__).parent / "facts" / "calendar.toml"
_WEEKEND = 5
_SEARCHED_DAYS = 30


class Instrument(StrEnum):
    """A class of instruments with a session of its own."""

    INDEX = "index"
    OPTIONS = "options"
    FUTURES = "futures"
    VIX = "vix"


class Phase(StrEnum):
    """Where a moment stands in a day's session.

    AUCTION is that of an index: it stands still until one closing price is printed. UNKNOWN is a
    moment within the usual hours of a day that no row covers.
    """

    CLOSED = "closed"
    PRE_OPEN = "pre-open"
    OPEN = "open"
    AUCTION = "auction"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Session:
    """One day's session of a class of instruments, in aware moments.

    `pre_opens` is where orders are taken earlier, `prints` the end of an index's closing auction;
    both equal their neighbour where there is none. `certain` is False on a day no row covers.
    """

    pre_opens: datetime
    opens: datetime
    closes: datetime
    prints: datetime
    certain: bool = True

    def phase(self, at: datetime) -> Phase:
        """Where a moment of that day stands."""
        if not self.pre_opens <= at < self.prints:
            return Phase.CLOSED
        if not self.certain:
            return Phase.UNKNOWN
        if at < self.opens:
            return Phase.PRE_OPEN
        return Phase.OPEN if at < self.closes else Phase.AUCTION


@dataclass(frozen=True, slots=True)
class _Hours:
    """Usual or special hours; `first` is the day from which they hold."""

    first: date
    instruments: frozenset[str]
    pre_opens: time
    opens: time
    closes: time
    prints: time

    def on(self, day: date, certain: bool) -> Session:
        return Session(
            pre_opens=datetime.combine(day, self.pre_opens, IST),
            opens=datetime.combine(day, self.opens, IST),
            closes=datetime.combine(day, self.closes, IST),
            prints=datetime.combine(day, self.prints, IST),
            certain=certain,
        )


class Calendar:
    """Sessions read from one or more tables, later ones going before earlier ones."""

    def __init__(self, *tables: Mapping[str, Any]) -> None:
        self._hours: list[_Hours] = []
        self._holidays: set[date] = set()
        self._usual_days: set[date] = set()
        self._special: dict[date, _Hours | None] = {}
        self._known: list[tuple[date, date]] = []
        for table in tables:
            self._add(table)
        self._hours.sort(key=lambda hours: hours.first)

    def session(self, day: date, instrument: Instrument = Instrument.OPTIONS) -> Session | None:
        """The session of a day; None where there is none, or none whose hours are known.

        On a weekday that no row covers it has the usual hours and is not `certain`.
        """
        if day in self._special:
            hours = self._special[day]
            return None if hours is None else hours.on(day, True)
        if day in self._usual_days:
            return self._usual(day, instrument).on(day, True)
        if day in self._holidays or day.weekday() >= _WEEKEND:
            return None
        return self._usual(day, instrument).on(day, self._covers(day))

    def usual_session(self, day: date, instrument: Instrument = Instrument.OPTIONS) -> Session:
        """The hours of that date's era, whether or not there was a session on the day."""
        return self._usual(day, instrument).on(day, False)

    def phase(self, at: datetime, instrument: Instrument = Instrument.OPTIONS) -> Phase:
        """Where an aware moment stands in its day's session."""
        moment = at.astimezone(IST)
        day = moment.date()
        if day in self._special and self._special[day] is None:
            return Phase.UNKNOWN
        session = self.session(day, instrument)
        return Phase.CLOSED if session is None else session.phase(moment)

    def is_trading_day(self, day: date) -> bool | None:
        """Whether there is a session on that day; None beyond the table."""
        if day in self._special or day in self._usual_days:
            return True
        if day in self._holidays:
            return False
        if not self._covers(day):
            return None if day.weekday() < _WEEKEND else False
        return day.weekday() < _WEEKEND

    def previous_trading_day(self, day: date) -> date:
        """The last day before `day` with a session; an unknown weekday counts as one."""
        for back in range(1, _SEARCHED_DAYS):
            earlier = day - timedelta(days=back)
            if self.is_trading_day(earlier) is not False:
                return earlier
        raise InvalidInputError(f"The calendar has no trading day in the month before {day}.")

    def expiry_instant(self, expiry: date) -> datetime:
        """When contracts of that expiry date die: at the end of the options' session."""
        session = self.session(expiry) or self.usual_session(expiry)
        return session.closes

    def _usual(self, day: date, instrument: Instrument) -> _Hours:
        """The newest hours that hold on a day; the oldest ones for a day before all."""
        of_class = [hours for hours in self._hours if instrument in hours.instruments]
        return next((h for h in reversed(of_class) if h.first <= day), of_class[0])

    def _covers(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self._known)

    def _add(self, table: Mapping[str, Any]) -> None:
        if "known_from" in table and "known_until" in table:
            self._known.append((_day(table["known_from"]), _day(table["known_until"])))
        self._hours += [
            _hours(row, _day(row["from"]), frozenset(map(Instrument, row["instruments"])))
            for row in table.get("hours", ())
        ]
        for row in table.get("holidays", ()):
            for day in map(_day, row["dates"]):
                self._forget(day)
                self._holidays.add(day)
        for row in table.get("special", ()):
            day = _day(row["date"])
            self._forget(day)
            if row.get("usual"):
                self._usual_days.add(day)
            else:
                timed = "opens" in row
                self._special[day] = _hours(row, day, frozenset(Instrument)) if timed else None

    def _forget(self, day: date) -> None:
        """A later row of a day replaces an earlier one."""
        self._holidays.discard(day)
        self._usual_days.discard(day)
        self._special.pop(day, None)


def calendar() -> Calendar:
    """The calendar of this process."""
    return _loaded(_adopted.path)


def adopt(path: Path | None) -> None:
    """Let an operator's file go before the built-in table from now on; None takes it back.

    Raises InvalidInputError, naming the file, when it cannot be used.
    """
    _loaded(path)
    _adopted.path = path


class _Adopted:
    """Which operator's file holds in this process."""

    path: Path | None = None


_adopted = _Adopted()


@cache
def _loaded(path: Path | None) -> Calendar:
    tables = [tomllib.loads(_FILE.read_text(encoding="utf-8"))]
    if path is None:
        return Calendar(*tables)
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
        return Calendar(*tables, own)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInputError(
            f"The calendar file {path} cannot be used ({error}); write it in the form of "
            "db/market/facts/calendar.toml."
        ) from error


def _hours(row: Mapping[str, Any], first: date, instruments: frozenset[str]) -> _Hours:
    opens, closes = _time(row["opens"]), _time(row["closes"])
    return _Hours(
        first=first,
        instruments=instruments,
        pre_opens=_time(row.get("pre_opens", opens)),
        opens=opens,
        closes=closes,
        prints=_time(row.get("prints", closes)),
    )


def _day(value: object) -> date:
    # a moment is a date to Python, and compares with none
    if type(value) is not date:
        raise ValueError(f"{value!r} is no date")
    return value


def _time(value: object) -> time:
    if not isinstance(value, time):
        raise ValueError(f"{value!r} is no time of day")
    return value


def version() -> str:
    """What is another one when any row of this process's calendar is: 12 digits of a SHA-256."""
    own = b"" if _adopted.path is None else _adopted.path.read_bytes()
    return sha256(_FILE.read_bytes() + own).hexdigest()[:12]


def session(day: date, instrument: Instrument = Instrument.OPTIONS) -> Session | None:
    """`Calendar.session` of this process's calendar."""
    return calendar().session(day, instrument)


def usual_session(day: date, instrument: Instrument = Instrument.OPTIONS) -> Session:
    """`Calendar.usual_session` of this process's calendar."""
    return calendar().usual_session(day, instrument)


def phase(at: datetime, instrument: Instrument = Instrument.OPTIONS) -> Phase:
    """`Calendar.phase` of this process's calendar."""
    return calendar().phase(at, instrument)


def is_trading_day(day: date) -> bool | None:
    """`Calendar.is_trading_day` of this process's calendar."""
    return calendar().is_trading_day(day)


def previous_trading_day(day: date) -> date:
    """`Calendar.previous_trading_day` of this process's calendar."""
    return calendar().previous_trading_day(day)


def expiry_instant(expiry: date) -> datetime:
    """When contracts of that expiry date die: at the end of the options' session."""
    return calendar().expiry_instant(expiry)


def seconds_to_expiry(expiry: date, at: datetime) -> int:
    """Seconds from `at` (aware) to the expiry instant; 0 once it has passed."""
    return max(0, int((expiry_instant(expiry) - at) / timedelta(seconds=1)))
