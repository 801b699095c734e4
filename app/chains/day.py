"""PCR and index by minute over one trading day, for the chart."""

import time as clock
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from app.chains.bodies import Encoded
from app.chains.flight import SingleFlight
from app.chains.state import ChainState
from db.market.calendar import session
from db.market.clock import IST

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.pcr import OiTotal

# late rows and the last minute's own rollup come without a new minute
_KEPT_S = 60.0
# the longest closure of the exchange is shorter
CLOSURE = timedelta(days=10)
_NO_DAY: dict[str, Any] = {
    "day": None,
    "open": None,
    "close": None,
    "minutes": [],
    "pcr": [],
    "index": [],
    "previous_close": None,
    "previous_close_day": None,
}


class History(Protocol):
    """Where series are read from."""

    def history(self) -> "AbstractContextManager[Connection]":
        """A connection for reads that a replica may answer."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """A body with what it is of and when it was read."""

    of: tuple[Any, ...]
    read_at: float
    body: Encoded


class DaySeries:
    """Keeps one body an exchange until the market's minute changes; a crowd makes one read."""

    def __init__(self, source: History, now: Callable[[], float] = clock.monotonic) -> None:
        self._source = source
        self._now = now
        self._flights: SingleFlight[Encoded] = SingleFlight()
        self._kept: dict[str, _Kept] = {}

    def body(self, state: ChainState) -> Encoded:
        """The day of a state's market time as JSON; raises the errors of a missing database."""
        exchange, head = state.exchange, state.chain.head
        minute = None if head is None else head.timestamp.replace(second=0, microsecond=0)
        wanted = (state.incarnation, minute)
        kept = self._kept.get(exchange)
        if kept is not None and kept.of == wanted and self._now() - kept.read_at < _KEPT_S:
            return kept.body

        def read() -> Encoded:
            read_at = self._now()
            with self._source.history() as connection:
                body = Encoded.of(day_series(connection, exchange, minute))
            self._kept[exchange] = _Kept(wanted, read_at, body)
            return body

        return self._flights.do((exchange, wanted), read)


def day_series(connection: "Connection", exchange: str, at: datetime | None) -> dict[str, Any]:
    """The day of `at` (aware, market time) as parallel arrays; empty ones without a day.

    `minutes`, `open` and `close` are 'HH:MM' in IST, the latter two the bounds of the chart's
    axis; `index` is the close of each minute in points, and `previous_close` the index at the end
    of `previous_close_day`, the last stored day before (None where none is).
    """
    if at is None:
        return dict(_NO_DAY)
    from db.queries.pcr import pcr_days, pcr_minutes

    start = datetime.combine(at.astimezone(IST).date(), time.min, IST)
    rows = pcr_minutes(connection, exchange, start, start + timedelta(days=1))
    earlier = pcr_days(connection, exchange, start - CLOSURE, start)
    minutes = [row.bucket.strftime("%H:%M") for row in rows]
    opens, closes = _bounds(start.date(), minutes)
    return {
        "day": start.date().isoformat(),
        "open": opens,
        "close": closes,
        "minutes": minutes,
        "pcr": [row.pcr for row in rows],
        "index": [row.underlying_close for row in rows],
        **_previous_close(earlier),
    }


def _bounds(day: date, minutes: list[str]) -> tuple[str | None, str | None]:
    """The day's session, widened to what is stored beyond it: a simulated market keeps no hours."""
    hours = session(day)
    known = [] if hours is None else [f"{end:%H:%M}" for end in (hours.opens, hours.closes)]
    extent = [*known, *minutes[:1], *minutes[-1:]]
    return min(extent, default=None), max(extent, default=None)


def _previous_close(earlier: "tuple[OiTotal, ...]") -> dict[str, Any]:
    last = earlier[-1] if earlier else None
    known = last is not None and last.underlying_close is not None
    return {
        "previous_close": last.underlying_close if last else None,
        "previous_close_day": last.bucket.date().isoformat() if last and known else None,
    }
