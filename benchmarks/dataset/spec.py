"""Which history: its size, its days, its cadence and its seed."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from benchmarks.errors import BenchmarkError
from db.market import calendar
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from app.feeds.simulate.contracts import Contracts

FULL_WIDTH = 0
_MAX_DAYS, _MAX_CADENCE_S = 500, 30
_MIN_STRIKES, _MAX_STRIKES = 5, 167
_DAY = timedelta(days=1)
_FOLLOWING = 2


@dataclass(frozen=True)
class DatasetSpec:
    """The size of a history; equal specs give equal rows.

    `strikes` are those nearest to the money, or FULL_WIDTH for all that are listed (113 to 167);
    `cadence_s` the seconds between snapshots of the options' session; `end` the last day.
    """

    days: int = 10
    strikes: int = 41
    cadence_s: int = 30
    end: date = date(2026, 8, 28)
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.days <= _MAX_DAYS:
            raise BenchmarkError(f"--days must be 1 to {_MAX_DAYS}, not {self.days}.")
        if not 1 <= self.cadence_s <= _MAX_CADENCE_S:
            raise BenchmarkError(
                f"--cadence must be 1 to {_MAX_CADENCE_S} s, not {self.cadence_s}."
            )
        if self.strikes != FULL_WIDTH and not _MIN_STRIKES <= self.strikes <= _MAX_STRIKES:
            raise BenchmarkError(
                f"--strikes must be {_MIN_STRIKES} to {_MAX_STRIKES}, or 0 for full-width chains, "
                f"not {self.strikes}."
            )

    @cached_property
    def trading_days(self) -> tuple[date, ...]:
        """The last `days` days with a session up to `end`, ascending."""
        return sessions_until(self.end, self.days)

    def seconds_of(self, day: date) -> range:
        """The snapshots of a trading day in seconds after midnight (IST)."""
        opens, closes = hours(day)
        midnight = datetime.combine(day, datetime.min.time())
        first, last = (int((each - midnight).total_seconds()) for each in (opens, closes))
        return range(first, last - (last - first) % self.cadence_s, self.cadence_s)

    @property
    def last_instant(self) -> datetime:
        """The newest market time in the history (naive IST)."""
        day = self.trading_days[-1]
        midnight = datetime.combine(day, datetime.min.time())
        return midnight + timedelta(seconds=self.seconds_of(day)[-1])

    @cached_property
    def rows(self) -> int:
        """Rows of option_chain_snapshots."""
        return sum(self.rows_of(day) for day in self.trading_days)

    def rows_of(self, day: date) -> int:
        """Rows of all exchanges on a trading day; far from the money some strikes are missing."""
        listed = sum(len(self.listed_on(exchange, day).strike) for exchange in EXCHANGES)
        return listed * len(self.seconds_of(day))

    def listed_on(self, exchange: str, day: date) -> "Contracts":
        """The contracts of an exchange's chain on a day."""
        from app.feeds.simulate.contracts import listed

        return listed(self.seed, exchange, self.expiry_of(exchange, day), day, self.strikes or None)

    def expiry_of(self, exchange: str, day: date) -> date:
        """What trades all day: a session ends before its contracts expire."""
        from app.feeds.simulate.contracts import expiry_at

        return expiry_at(EXCHANGES[exchange], day, self.seconds_of(day)[0])

    def sized(self, rows: int) -> "DatasetSpec":
        """The same history with as many trading days as come closest to `rows`."""
        newest_first = reversed(sessions_until(self.end, _MAX_DAYS))
        held, days = 0, 0
        for days, day in enumerate(newest_first, start=1):
            a_day = self.rows_of(day)
            if held + a_day / 2 >= rows:
                return replace(self, days=max(1, days - 1))
            held += a_day
        return replace(self, days=days)


def last_session(today: date) -> date:
    """The newest day with a session before `today`."""
    return sessions_until(today - _DAY, 1)[0]


def newest_end(today: date) -> date:
    """The newest day that a history may end with, so that two sessions after it are over too.

    What is written as live is of those, and of moments to come nothing is shown.
    """
    return sessions_until(today - _DAY, 1 + _FOLLOWING)[0]


def next_session(day: date) -> date:
    """The first day with a session after `day`."""
    day += _DAY
    while calendar.session(day) is None:
        day += _DAY
    return day


def sessions_until(end: date, count: int) -> tuple[date, ...]:
    """The last `count` days with a session of known hours up to `end`, ascending.

    A weekday that the calendar does not cover counts as one.
    """
    found: list[date] = []
    day = end
    while len(found) < count:
        if calendar.session(day) is not None:
            found.append(day)
        day -= _DAY
    return tuple(reversed(found))


def hours(day: date) -> tuple[datetime, datetime]:
    """When the options of a trading day open and close (naive IST)."""
    session = calendar.session(day) or calendar.usual_session(day)
    return session.opens.replace(tzinfo=None), session.closes.replace(tzinfo=None)
