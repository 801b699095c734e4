"""DDL that never queues in front of readers and writers for longer than a moment.

A statement that wants a strong lock makes everyone behind it wait while it waits itself. So it
waits for `lock_timeout` only, gives up, and tries again a little later. An autovacuum in the way is
cancelled where that is allowed: the server does so once a waiting session looks for deadlocks.
https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.backoff import Backoff
from db.timescale.errors import LockNotAvailableError, TimescaleError
from db.timescale.sqltext import Fragment, named_statements, raw
from db.timescale.statements import execute

T = TypeVar("T")
# which error is raised instead, asked after each attempt that had no lock; None: try again
GiveUp = Callable[[bool], Exception | None]

_LOCK_NOT_AVAILABLE, _DEADLOCK, _UNDEFINED_TABLE = "55P03", "40P01", "42P01"
# of two that change one row of the catalog at once, one is told so as of a fault of the server
_INTERNAL, _CHANGED_MEANWHILE = "XX000", "tuple concurrently updated"
_CHUNK = re.compile(r"_hyper_[0-9]+_[0-9]+_chunk\b")
# how soon an autovacuum is made to give way; others have to wait for it
_SUPERUSERS = "deadlock_timeout"
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.4


@dataclass(frozen=True)
class LockPolicy:
    """How long one attempt waits for its locks, and for how long attempts are made."""

    timeout_ms: int = 20
    patience_s: float = 60.0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "LockPolicy":
        """From `timescale_lock_timeout_ms` and `timescale_lock_patience_s` of context.configure.

        Raises TimescaleError for a value that is no positive number.
        """
        return cls(
            timeout_ms=int(_positive(options, "timescale_lock_timeout_ms", cls.timeout_ms)),
            patience_s=_positive(options, "timescale_lock_patience_s", cls.patience_s),
        )


def is_autocommit(connection: Connection) -> bool:
    """Whether each statement of the connection commits by itself."""
    return bool(getattr(connection.connection.dbapi_connection, "autocommit", False))


def with_lock_retries(
    connection: Connection, attempt: Callable[[], T], policy: LockPolicy, *, unlimited: bool = False
) -> T:
    """Calls `attempt` under lock_timeout until it had its locks; raises LockNotAvailableError.

    Inside a transaction each attempt has a savepoint of its own. `unlimited` switches
    statement_timeout off for the attempt.
    """
    scope = _session_settings if is_autocommit(connection) else _savepoint_settings
    settings = {
        "lock_timeout": f"{policy.timeout_ms}ms",
        _SUPERUSERS: f"{max(1, policy.timeout_ms // 4)}ms",
    }
    if unlimited:
        settings["statement_timeout"] = "0"

    def once() -> T:
        with scope(connection, settings):
            return attempt()

    def give_up(is_over: bool) -> Exception | None:
        if _holds_up_others(connection):
            return LockNotAvailableError(
                "A lock could not be had while others wait for what this migration has locked "
                "already; it was rolled back to let them through. Run it again."
            )
        if not is_over:
            return None
        held_by = holders(execute(connection, holders_query()).scalars())
        return LockNotAvailableError(
            f"A lock could not be had within {policy.patience_s:g} s; nothing was changed. "
            f"{held_by}, then run this again."
        )

    return until_locked(once, give_up, patience_s=policy.patience_s)


def until_locked(attempt: Callable[[], T], give_up: GiveUp, *, patience_s: float) -> T:
    """Calls `attempt` again and again, whatever driver it uses, until it had its locks.

    Everyone behind a waiting strong lock waits too: so it gives up soon by itself, and tries again
    after a pause with jitter. `give_up` is told whether the patience is over.
    """
    deadline = time.monotonic() + patience_s
    pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    while True:
        pause_s = pauses.next_s()
        try:
            return attempt()
        except (DBAPIError, psycopg.Error) as error:
            if not _passes(error):
                raise
            instead = give_up(time.monotonic() + pause_s > deadline)
            if instead is not None:
                raise instead from error
        time.sleep(pause_s)


def holders_query() -> Fragment:
    """What asks for those who hold locks on users' tables; nothing is bound."""
    return raw(named_statements("db.timescale.sql", "locks.sql")["holders"])


def holders(labels: Iterable[str]) -> str:
    """Who holds locks, and what to do about it; the end of the sentence is the caller's."""
    held = "; ".join(labels)
    if not held:
        return "Find long transactions in pg_stat_activity"
    return f"Locks are held by {held}: end these"


def _passes(error: DBAPIError | psycopg.Error) -> bool:
    """Whether the next attempt may do better.

    A statement on a hypertable goes through its chunks, of which a job may drop one meanwhile.
    """
    state = _sqlstate(error)
    if state == _INTERNAL:
        return _CHANGED_MEANWHILE in str(error)
    if state == _UNDEFINED_TABLE:
        return _CHUNK.search(str(error).partition("\n")[0]) is not None
    return state in (_LOCK_NOT_AVAILABLE, _DEADLOCK)


def _sqlstate(error: DBAPIError | psycopg.Error) -> str | None:
    of_driver = error.orig if isinstance(error, DBAPIError) else error
    state: str | None = getattr(of_driver, "sqlstate", None)
    return state


def _holds_up_others(connection: Connection) -> bool:
    """Whether the transaction blocks anyone: retrying would keep them waiting, perhaps for ever.

    The holder of the lock may itself wait for us; attempts this short escape deadlock detection.
    """
    query = text(
        """
        SELECT EXISTS (
          SELECT
          FROM pg_locks
          WHERE NOT granted
            AND pid <> pg_backend_pid()
            AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
        ) AS found
        """
    )
    return not is_autocommit(connection) and bool(connection.execute(query).scalar())


@contextmanager
def _savepoint_settings(connection: Connection, settings: Mapping[str, str]) -> Iterator[None]:
    with connection.begin_nested():
        before = _set(connection, settings, local=True)
        yield
        _set(connection, before, local=True)


@contextmanager
def _session_settings(connection: Connection, settings: Mapping[str, str]) -> Iterator[None]:
    before = _set(connection, settings, local=False)
    try:
        yield
    finally:
        if not connection.invalidated:
            _set(connection, before, local=False)


def _set(connection: Connection, settings: Mapping[str, str], *, local: bool) -> dict[str, str]:
    """Set what the role may set, in one round trip: locks may be held. What was set before."""
    query = text(
        """
        SELECT s.name AS name,
               current_setting(s.name) AS before,
               set_config(s.name, s.value, :local) AS after
        FROM unnest(CAST(:names AS TEXT[]), CAST(:values AS TEXT[])) AS s (name, value)
        WHERE s.name <> :superusers OR current_setting('is_superuser') = 'on'
        """
    )
    given = {
        "names": list(settings),
        "values": list(settings.values()),
        "local": local,
        "superusers": _SUPERUSERS,
    }
    return {row.name: row.before for row in connection.execute(query, given)}


def _positive(options: Mapping[str, Any], name: str, default: float) -> float:
    value = options.get(name, default)
    if not isinstance(value, int | float) or value <= 0:
        raise TimescaleError(f"{name} must be a positive number, not {value!r}.")
    return value
