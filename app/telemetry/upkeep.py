"""Times what the database does by itself: refreshes of rollups, seen from where they are noted."""

import logging
from datetime import datetime

from app.telemetry.alarms import Books
from app.telemetry.timing import Operation, ended
from db.errors import OIError

_LOG = logging.getLogger("oi.telemetry")


class Upkeep:
    """A probe: each refresh that has ended since the last look, and how late each rollup is."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._seen: dict[str, datetime] = {}

    def look(self) -> None:
        """Look once; a database that cannot say is asked again the next time."""
        from sqlalchemy.exc import SQLAlchemyError

        from db.queries.performance import refreshes

        try:
            with self._books.newest() as connection:
                found = refreshes(connection)
        except (OIError, SQLAlchemyError) as error:
            _LOG.debug("refreshes cannot be seen: %s", error)
            return
        for each in found:
            name = each.name.removeprefix("public.")
            ended(Operation("age", f"rollup {name}", each.late_s))
            before = self._seen.get(each.name)
            self._seen[each.name] = each.last_run
            # the first look cannot know whether somebody has told of it
            is_new = before is not None and each.last_run > before
            if is_new and each.duration_ms is not None:
                duration_s = each.duration_ms / 1000
                ended(Operation("step", f"refresh {name}", duration_s, each.failed))
