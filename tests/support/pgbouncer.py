"""Debian's PgBouncer in transaction mode before a database, as a test's own process."""

import contextlib
from collections.abc import Iterator

from sqlalchemy import URL

from benchmarks.parts import pgbouncer as servers
from tests.support.debian import program


@contextlib.contextmanager
def pgbouncer(database: URL) -> Iterator[URL]:
    """The same database behind a pooler that keeps three sessions at the server."""
    command = program("pgbouncer", "pgbouncer", "pgbouncer")
    with servers.pgbouncer(command, database, sessions=3) as pooler:
        yield pooler.url
