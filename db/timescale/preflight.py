"""What is checked before a migration changes anything.

In env.py, around the run: `with preflight.guarded(context, engine): …`. The lock lives on a
connection of its own, because Alembic insists on opening the migration's transactions itself.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, Engine, text

from db.timescale.editions import Server, read_server
from db.timescale.errors import LockNotAvailableError
from db.timescale.faults import known_faults
from db.timescale.progress import QUIET_S, notice
from db.timescale.resume import Context, changes_database

# any number will do as long as every migration of every version of the plugin uses the same
_LOCK_KEY = 0x74735F6D6967
_POLL_S = 0.2


@contextmanager
def exclusive(engine: Engine, *, patience_s: float = 30.0) -> Iterator[Server]:
    """Holds off every other migration of this database, and yields what its server can do.

    Raises ExtensionMissingError or UnsupportedError before anything is changed, and
    LockNotAvailableError when another migration is still running after `patience_s` seconds.
    """
    guard = engine.execution_options(isolation_level="AUTOCOMMIT")
    with guard.connect() as connection:
        # closing a connection that no pool takes back is what unlocks, whatever happened to it
        connection.detach()
        server = read_server(connection)
        _lock(connection, patience_s)
        yield server


@contextmanager
def guarded(context: Context, engine: Engine) -> Iterator[None]:
    """`exclusive` for a command that changes the database; what only looks waits for nothing."""
    with exclusive(engine) if changes_database(context) else nullcontext():
        yield


def warnings(server: Server) -> list[str]:
    """What is known to go wrong with this version of TimescaleDB, and the way out."""
    return [fault.sentence for fault in known_faults(server) if not fault.is_avoided]


def _lock(connection: Connection, patience_s: float) -> None:
    started = time.monotonic()
    told = False
    while not _try_lock(connection):
        waited_s = time.monotonic() - started
        if waited_s >= patience_s:
            raise LockNotAvailableError(
                f"Another migration of this database is running{_holder(connection)}; "
                f"nothing was changed in {patience_s:g} s of waiting. Run this again when it ended."
            )
        if waited_s > QUIET_S and not told:
            notice(f"waiting for another migration of this database{_holder(connection)}")
            told = True
        time.sleep(_POLL_S)


def _try_lock(connection: Connection) -> bool:
    query = text("SELECT pg_try_advisory_lock(:key) AS locked")
    return bool(connection.execute(query, {"key": _LOCK_KEY}).scalar())


def _holder(connection: Connection) -> str:
    query = text(
        """
        SELECT l.pid AS pid
        FROM pg_locks AS l
        JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
        WHERE l.locktype = 'advisory'
          AND l.granted
          AND (l.classid::bigint << 32) | l.objid::bigint = :key
        """
    )
    pid = connection.execute(query, {"key": _LOCK_KEY}).scalar()
    return f" (server process {pid})" if pid else ""
