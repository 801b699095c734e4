"""P&L by day of the market: what was realised, and what stood open at the day's end.

A day's P&L is what it realised and by how much the P&L of what stands open rose. The end of a day
that is over is valued as a position is marked (long at the bid, short at the ask), at the last
stored snapshot of the day; where that side of the book is empty, at the last trade.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType

from sqlalchemy import Connection

from db.market.calendar import session
from db.market.clock import IST
from db.queries.paper import PaperClose, PaperDay, PaperHeld, closes
from db.queries.snapshots import instant_at

_DAY = timedelta(days=1)
# INR a unit at the end of a day of so many units of a contract; None while nobody knows
Close = Callable[[PaperHeld, date], float | None]


@dataclass(frozen=True, slots=True)
class BookDay:
    """A day in INR: `realised`, `open` at its end, and its whole P&L; None of what is unknown.

    `charges` are an estimate, and in none of the others.
    """

    day: date
    fills: int
    realised: float
    open: float | None
    total: float | None
    charges: float | None = 0.0

    @property
    def net(self) -> float | None:
        """What is left of the P&L."""
        unknown = self.total is None or self.charges is None
        return None if unknown else (self.total or 0.0) - (self.charges or 0.0)


@dataclass(frozen=True, slots=True)
class _End:
    """What a book comes to at the end of a day."""

    dealt: PaperDay
    open: float | None


def book_days(
    dealt: Sequence[PaperDay],
    held: Sequence[PaperHeld],
    close: Close,
    present: date,
    open_now: float | None,
    most: int,
    charged: Mapping[date, float | None] = MappingProxyType({}),
) -> tuple[BookDay, ...]:
    """The newest `most` days on which a user dealt or held something, newest first.

    `dealt` and `held` are all of the user's, ascending; `open_now` is the MTM of the `present` day,
    `charged` what dealing cost by day.
    """
    days = _days(dealt, held, present)
    shown = days[-most:]
    wanted = set(days[-most - 1 :]) - {present}
    ends = dict(_ends(days, dealt, held, wanted, close))
    if present in days:
        done = [each for each in dealt if each.day == present]
        ends[present] = _End(done[0] if done else _nothing(present), open_now)
    found = []
    for day in shown:
        place = days.index(day)
        before = ends[days[place - 1]].open if place else 0.0
        end = ends[day]
        unknown = end.open is None or before is None
        total = None if unknown else end.dealt.realised + (end.open or 0.0) - (before or 0.0)
        cost = charged.get(day, 0.0)
        found.append(BookDay(day, end.dealt.fills, end.dealt.realised, end.open, total, cost))
    return tuple(reversed(found))


def stored_closes(connection: Connection, held: Sequence[PaperHeld]) -> Close:
    """Prices of what was held at the last snapshot of a day, each chain read once."""
    symbols = sorted({each.symbol for each in held})

    @cache
    def read(exchange: str, day: date) -> dict[str, PaperClose]:
        instant = instant_at(connection, exchange, datetime.combine(day, time.max, IST))
        if instant is None or instant.date() != day:
            return {}
        return {row.symbol: row for row in closes(connection, exchange, instant, symbols)}

    def close(each: PaperHeld, day: date) -> float | None:
        row = read(each.exchange, day).get(each.symbol)
        if row is None:
            return None
        side = row.best_bid if each.units > 0 else row.best_ask
        return side if side is not None and side > 0 else row.ltp

    return close


def _days(dealt: Sequence[PaperDay], held: Sequence[PaperHeld], present: date) -> list[date]:
    """Days with fills, and between them those of a session at whose end something was held."""
    found = {each.day for each in dealt}
    for day in _from(min(found), present) if found else ():
        if session(day) is not None and _standing(held, day):
            found.add(day)
    return sorted(found)


def _ends(
    days: Sequence[date],
    dealt: Sequence[PaperDay],
    held: Sequence[PaperHeld],
    wanted: set[date],
    close: Close,
) -> Iterator[tuple[date, _End]]:
    of_day = {each.day: each for each in dealt}
    cash = realised = 0.0
    for day in days:
        done = of_day.get(day, _nothing(day))
        cash, realised = cash + done.cash, realised + done.realised
        if day in wanted:
            value = _value(_standing(held, day), day, close)
            # what it all comes to, less what was realised of it
            yield day, _End(done, None if value is None else cash + value - realised)


def _value(standing: Sequence[PaperHeld], day: date, close: Close) -> float | None:
    value = 0.0
    for each in standing:
        price = close(each, day)
        if price is None:
            return None
        value += each.units * price
    return value


def _standing(held: Sequence[PaperHeld], day: date) -> list[PaperHeld]:
    """What each position held at the end of a day."""
    newest = {each.position_id: each for each in held if each.day <= day}
    return [each for each in newest.values() if each.units]


def _nothing(day: date) -> PaperDay:
    return PaperDay(day, 0.0, 0.0, 0)


def _from(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY
