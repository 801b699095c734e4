"""The last changes of open interest that went beyond their thresholds, for who comes later."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.cache import Cache
from app.chains.bodies import Packed
from app.chains.history import History

if TYPE_CHECKING:
    from sqlalchemy import Connection

SPAN = timedelta(hours=1)
MOST = 200
# a snapshot comes every half minute; the page adds what it sees itself
_KEPT_S = 20.0
_FIELDS = ("at", "strike", "side", "minutes", "pct", "units")


class Breaches:
    """Keeps a list of each exchange; a crowd makes one read."""

    def __init__(self, source: History, cache: Cache) -> None:
        self._source = source
        self._bodies = cache.bodies("breaches")

    def body(self, exchange: str, until: datetime | None) -> Packed:
        """The breaches of the hour before `until` (aware) as JSON, newest first."""
        if until is None:
            return Packed.of({"since": None, "fields": _FIELDS, "breaches": []})

        def read() -> bytes:
            with self._source.history() as connection:
                return Packed.of(last_breaches(connection, exchange, until)).kept

        # those who ask for moments that lie near each other are given the same
        key = exchange, until.timestamp() // _KEPT_S
        return Packed(self._bodies.get(key, _KEPT_S, read))


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
