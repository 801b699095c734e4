"""Kills the server process of a migration after its n-th change."""

import re
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

# reads, settings and savepoints change nothing: dying after one is dying after the change before
CHANGE = re.compile(
    r"\s*(CREATE|ALTER|DROP|DO|CALL|INSERT|UPDATE|DELETE|TRUNCATE|COMMENT|--"
    r"|SELECT (create_hypertable|add_|set_chunk|remove_|compress_|decompress_|pg_temp))",
    re.IGNORECASE,
)


class Killer:
    """Terminates the migration's own backend after `after` changes; counts what it let pass."""

    def __init__(self, url: URL, after: int) -> None:
        self.url = url
        self.after = after
        self.changes = 0

    @property
    def has_struck(self) -> bool:
        return self.changes >= self.after

    def __call__(self, engine: Engine) -> None:
        event.listen(engine, "after_cursor_execute", self._after)

    def _after(self, connection: Connection, _cursor: Any, statement: str, *_rest: object) -> None:
        if not CHANGE.match(statement):
            return
        self.changes += 1
        if self.changes == self.after:
            pid = connection.connection.driver_connection.info.backend_pid
            with create_engine(self.url, poolclass=NullPool).connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
