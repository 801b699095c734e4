"""The last changes of open interest that went beyond their thresholds, for who comes later."""

import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.chains.bodies import Encoded
from app.cache.flight import SingleFlight
from app.chains.history import History

if TYPE_CHECKING:
    from sqlalchemy import Connection

SPAN = timedelta(hours=1)
MOST = 200
# a snapshot comes every half minute; the page adds what it sees itself
_KEPT_S = 20.0
_FIELDS = ("at", "strike", "side", "minutes", "pct", "units")


@dataclass(frozen=True, slots=True)
class _Kept:
    until: datetime
    read_at: float
    body: Encoded


class Breaches:
    """Keeps one list an exchange; a crowd makes one read."""

    def __init__(self, source: History, now: Callable[[], float] = clock.monotonic) -> None:
        self._source = source
        self._now = now
        self._flights: SingleFlight[Encoded] = SingleFlight()
        self._kept: dict[str, _Kept] = {}

    def body(self, exchange: str, until: datetime | None) -> Encoded:
        """The breaches of the hour before `until` (aware) as JSON, newest first."""
        if until is None:
            return Encoded.of({"since": None, "fields": _FIELDS, "breaches": []})
        kept = self._kept.get(exchange)
        if kept is not None and self._holds(kept, until):
            return kept.body
        return self._flights.do((exchange, until), lambda: self._read(exchange, until))

    def _holds(self, kept: _Kept, until: datetime) -> bool:
        is_recent = self._now() - kept.read_at < _KEPT_S
        return is_recent and abs((until - kept.until).total_seconds()) < _KEPT_S

    def _read(self, exchange: str, until: datetime) -> Encoded:
        read_at = self._now()
        with self._source.history() as connection:
            body = Encoded.of(last_breaches(connection, exchange, until))
        self._kept[exchange] = _Kept(until, read_at, body)
        return body


def last_breaches(connection: "Connection", exchange: str, until: datetime) -> dict[str, Any]:
    """`breaches` holds what `fields` name of each; `at` is ms since 1970, `units` may be None."""
    from db.queries.breaches import breaches

    since = until - SPAN
    return {
        "since": since.isoformat(),
        "fields": _FIELDS,
        "breaches": [
            (int(row.timestamp.timestamp() * 1000), *row[1:])
            for row in breaches(connection, exchange, since, until, MOST)
        ],
    }
