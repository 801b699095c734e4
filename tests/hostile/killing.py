"""A migration in a process of its own that dies after one of the changes it makes.

Run as a module it is that process: URL, revision, number of the change and how it dies.
"""

import os
import signal
import subprocess
import sys
import threading
from typing import Any, Literal

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from db import migrate
from db.urls import conninfo
from tests.support.paths import ROOT
from tests.timescale.killing import CHANGE

# kill -9 of the process with all its sessions, or the server ends the one that changed something
Death = Literal["process", "session"]
_FAILED = 1


def die(url: URL, revision: str, after: int, death: Death) -> None:
    """Goes to a revision and dies after so many changes; an AssertionError where it does not."""
    address = url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", __name__, address, revision, str(after), death],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    wanted = -signal.SIGKILL if death == "process" else _FAILED
    assert done.returncode == wanted, f"{after} changes: {done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr or "does not answer" in done.stderr, done.stderr


class _Guillotine:
    """Counts what changes the database, over all sessions of the process."""

    def __init__(self, url: URL, after: int, death: Death) -> None:
        self._url, self._left, self._death = url, after, death
        self._lock = threading.Lock()

    def stand(self) -> None:
        execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy

        def counted(cursor: Any, query: Any, *given: Any, **options: Any) -> Any:
            result = execute(cursor, query, *given, **options)
            if CHANGE.match(_text(query, cursor)):
                self._fall(cursor.connection)
            return result

        def copied(cursor: Any, *given: Any, **options: Any) -> Any:
            self._fall(cursor.connection)
            return copy(cursor, *given, **options)

        psycopg.Cursor.execute, psycopg.Cursor.copy = counted, copied  # type: ignore[method-assign]

    def _fall(self, connection: psycopg.Connection[Any]) -> None:
        with self._lock:
            self._left -= 1
            if self._left:
                return
        if self._death == "process":
            os.kill(os.getpid(), signal.SIGKILL)
        with psycopg.connect(conninfo(self._url)) as other:
            pid = connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def _text(query: Any, cursor: Any) -> str:
    if isinstance(query, sql.Composable):
        return query.as_string(cursor)
    return query.decode() if isinstance(query, bytes) else query


def main() -> None:
    address, revision, after, death = sys.argv[1:]
    url = make_url(address)
    _Guillotine(url, int(after), death).stand()  # type: ignore[arg-type]
    (migrate.downgrade if revision == "base" else migrate.upgrade)(url, revision)


if __name__ == "__main__":
    main()
