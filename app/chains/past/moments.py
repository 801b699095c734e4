"""Which instants are stored, and where one gets from one of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from app.cache import Cache, Region
from app.chains.history import History
from db.errors import NotStoredError
from db.market.calendar import LONGEST_CLOSURE
from db.market.clock import IST, market_now

if TYPE_CHECKING:
    from db.queries.past import StoredDay

    Days = tuple[StoredDay, ...]

CLOSED_S = 600.0
"""How long what is read of a closed day counts: history is corrected now and then."""

_TODAY_S = 1.0
_DAYS_S = 60.0
# what one takes in memory
_DAY_BYTES, _INSTANT_BYTES = 400, 80
_STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_DAY = timedelta(days=1)

Instants = tuple[datetime, ...]
# the market's present by exchange: of a replay it is the moment that is replayed
MarketClock = Callable[[str], datetime]


@dataclass(frozen=True, slots=True)
class Moment:
    """A stored instant (aware) with those of its day, and the end of the last stored day before.

    `is_closed`: its day is over, so that nothing is added to it.
    """

    exchange: str
    at: datetime
    instants: Instants
    previous_end: datetime | None
    is_closed: bool


class Moments:
    """The stored instants of all exchanges; may be used by any thread."""

    def __init__(
        self, source: History, cache: Cache, now: MarketClock = lambda _: market_now()
    ) -> None:
        self._source = source
        self._now = now
        self._days: Region[Days] = cache.values("days", _weight_of_days)
        self._instants: Region[Instants] = cache.values("instants", _weight_of_instants)

    def days(self, exchange: str) -> "Days":
        """Every stored day, ascending."""
        from db.queries.past import StoredDay, stored_days

        def read() -> "Days":
            with self._source.history() as connection:
                return stored_days(connection, exchange)

        today = self._now(exchange).date()
        known = self._days.get((exchange, today), _DAYS_S, read)
        # a day that is replayed may have later ones
        latest = market_now().date()
        found = [day for day in known if day.day != today and day.day <= latest]
        # the days before change seldom; today grows with each snapshot
        instants = self._read(exchange, today, None, _TODAY_S)
        if instants:
            found.append(StoredDay(today, instants[0], instants[-1], len(instants)))
        return tuple(sorted(found))

    def instants(self, exchange: str, stored: "StoredDay") -> Instants:
        """When snapshots were taken on a stored day, ascending."""
        if stored.day >= self._now(exchange).date():
            return self._read(exchange, stored.day, None, _TODAY_S)
        # a day that was added to since is another key
        return self._read(exchange, stored.day, stored, CLOSED_S)

    def _read(
        self, exchange: str, day: date, stored: "StoredDay | None", keep_s: float
    ) -> Instants:
        from db.queries.snapshots import instants

        def read() -> Instants:
            start = datetime.combine(day, time.min, IST)
            with self._source.history() as connection:
                return instants(connection, exchange, start, start + _DAY)

        return self._instants.get((exchange, day, stored), keep_s, read)

    def found(self, exchange: str, at: datetime) -> Moment:
        """The newest moment at or before `at`; raises NotStoredError that names the nearest."""
        days = self.days(exchange)
        if not days:
            raise NotStoredError(f"Nothing is stored of {exchange} yet.")
        if at > max(market_now(), days[-1].end):
            raise NotStoredError(
                f"{said(at)} is yet to come; the last stored moment is {said(days[-1].end)}."
            )
        instant = self._newest(exchange, days, at)
        if instant is None:
            raise NotStoredError(
                f"Nothing is stored of {exchange} before {said(days[0].start)}, "
                f"so not of {said(at)} either."
            )
        return self._moment(exchange, days, instant)

    def day(self, exchange: str, day: date) -> Instants:
        """The instants of a day; raises NotStoredError that names the nearest stored moment."""
        days = self.days(exchange)
        if not days:
            raise NotStoredError(f"Nothing is stored of {exchange} yet.")
        nearest = min(days, key=lambda stored: abs(stored.day - day))
        if nearest.day == day:
            return self.instants(exchange, nearest)
        instant = nearest.end if nearest.day < day else nearest.start
        raise NotStoredError(
            f"Nothing is stored of {exchange} on {day}; "
            f"the nearest stored moment is {said(instant)}."
        )

    def following(self, moment: Moment, count: int) -> list[Moment]:
        """A moment and the next ones, `count` in all where there are as many."""
        days = self.days(moment.exchange)
        found = [moment]
        while len(found) < count:
            after = self._next(moment.exchange, days, found[-1].at)
            if after is None:
                break
            found.append(self._moment(moment.exchange, days, after))
        return found

    def ways(self, moment: Moment) -> dict[str, Any]:
        """Where a step by snapshot, minute, hour or day leads: (back, forward), None if nowhere."""
        exchange, at, days = moment.exchange, moment.at, self.days(moment.exchange)
        found: dict[str, tuple[datetime | None, datetime | None]] = {
            "snapshot": (
                self._newest(exchange, days, at - timedelta(microseconds=1)),
                self._next(exchange, days, at),
            )
        }
        for name, span in _STEPS.items():
            found[name] = (
                self._newest(exchange, days, at - span),
                self._oldest(exchange, days, at + span),
            )
        found["day"] = self._beside(exchange, days, at)
        return {name: [_iso(back), _iso(on)] for name, (back, on) in found.items()}

    def _moment(self, exchange: str, days: "Days", at: datetime) -> Moment:
        day = at.date()
        place = bisect_left(days, day, key=lambda stored: stored.day)
        previous = days[place - 1].end if place else None
        if previous is not None and at - previous > LONGEST_CLOSURE:
            previous = None
        is_closed = day < self._now(exchange).date()
        return Moment(exchange, at, self.instants(exchange, days[place]), previous, is_closed)

    def _newest(self, exchange: str, days: "Days", at: datetime) -> datetime | None:
        place = bisect_right(days, at, key=lambda stored: stored.start)
        if place == 0:
            return None
        stored = days[place - 1]
        if at >= stored.end:
            return stored.end
        instants = self.instants(exchange, stored)
        place = bisect_right(instants, at)
        return instants[place - 1] if place else stored.start

    def _oldest(self, exchange: str, days: "Days", at: datetime) -> datetime | None:
        place = bisect_left(days, at, key=lambda stored: stored.end)
        if place == len(days):
            return None
        stored = days[place]
        if at <= stored.start:
            return stored.start
        instants = self.instants(exchange, stored)
        place = bisect_left(instants, at)
        return instants[place] if place < len(instants) else stored.end

    def _next(self, exchange: str, days: "Days", at: datetime) -> datetime | None:
        return self._oldest(exchange, days, at + timedelta(microseconds=1))

    def _beside(
        self, exchange: str, days: "Days", at: datetime
    ) -> tuple[datetime | None, datetime | None]:
        """The same time of day on the stored days before and after."""
        place = bisect_left(days, at.date(), key=lambda stored: stored.day)

        def then(other: int) -> datetime | None:
            if not 0 <= other < len(days):
                return None
            stored = days[other]
            wanted = datetime.combine(stored.day, at.timetz())
            if wanted <= stored.start:
                return stored.start
            return self._newest(exchange, days, wanted)

        return then(place - 1), then(place + 1)


def _weight_of_days(days: "Days") -> int:
    return _DAY_BYTES * len(days)


def _weight_of_instants(instants: Instants) -> int:
    return _INSTANT_BYTES * len(instants)


def said(at: datetime) -> str:
    """A moment in a sentence."""
    return f"{at.astimezone(IST):%Y-%m-%d %H:%M:%S}"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
