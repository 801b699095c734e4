"""Writes to a database that may be gone for a while."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from app.collector.counts import Counts
from app.collector.spool import Spool
from db.errors import DatabaseUnavailableError, NotMigratedError
from db.market.ticks import EnrichedSnapshot

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger("oi.collector")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_DRAINED_AT_ONCE = 20
# a relation, column, function or schema that is not there
_NOT_MIGRATED = ("42P01", "42703", "42883", "3F000")
# what may pass by itself: the database is away, overloaded, locked (COPY raises the driver's own)
_PASSING = (DatabaseUnavailableError, OperationalError, psycopg.OperationalError)
_WRONG_SCHEMA = (ProgrammingError, psycopg.ProgrammingError)
T = TypeVar("T")


def pause_s(attempt: int) -> float:
    """Seconds before the attempt-th try again: doubling to thirty, halved at random."""
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, no secret


class Writer:
    """Writes snapshots and live-edge updates; outages are its own business.

    With a spool (live feeds) snapshots wait there during an outage and live-edge updates are
    skipped, the next one being newer. Without (recordings) a write is tried until it succeeds or
    `stopped` is set; only a database that never answered at all raises DatabaseUnavailableError.
    A snapshot the database refuses is counted by reason and left out. NotMigratedError is raised
    for a database of another schema.
    """

    def __init__(
        self, engine: Engine, counts: Counts, stopped: threading.Event, spool: Spool | None
    ) -> None:
        self._engine = engine
        self._counts = counts
        self._stopped = stopped
        self._spool = spool
        self._attempts = 0
        self._has_answered = False
        self._next_attempt = 0.0

    def store(self, snapshot: EnrichedSnapshot) -> None:
        """Put a snapshot into history and the live edge."""
        if self._spool is not None and (not self._is_due() or len(self._spool)):
            return self._wait_in_spool(self._spool, snapshot)
        written = self._attempt(lambda: self._write(snapshot))
        if written is None and self._spool is not None:
            self._wait_in_spool(self._spool, snapshot)

    def show(self, snapshot: EnrichedSnapshot) -> None:
        """Put a chain into the live edge only."""
        from db.ingest import write_live_edge

        def write() -> bool:
            with self._engine.begin() as connection:
                write_live_edge(connection, snapshot)
            return True

        if self._is_due() and self._guarded(lambda: self._attempt(write)):
            self._counts.live_updates += 1

    def read(self, question: Callable[[Connection], T]) -> T | None:
        """An answer of the database; None while it is away (recordings wait for it)."""

        def ask() -> T:
            with self._engine.connect() as connection:
                return question(connection)

        return self._attempt(ask) if self._is_due() else None

    def tend(self) -> None:
        """Store some of what waits in the spool, if the database is there."""
        if self._spool is None or not self._is_due():
            return
        for drained, (path, snapshot) in enumerate(self._spool.oldest_first()):
            if drained >= _DRAINED_AT_ONCE or self._stopped.is_set():
                return
            if not self._drain(self._spool, path, snapshot):
                return

    def _drain(self, spool: Spool, path: "Path", snapshot: EnrichedSnapshot) -> bool:
        if self._attempt(lambda: self._write(snapshot)) is None:
            return False
        spool.done(path)
        return True

    def _write(self, snapshot: EnrichedSnapshot) -> bool:
        def write() -> bool:
            from db.ingest import write_snapshot

            with self._engine.begin() as connection:
                write_snapshot(connection, snapshot)
            return True

        if self._guarded(write):
            self._counts.snapshots += 1
            self._counts.rows += len(snapshot.options)
        return True

    def _guarded(self, write: Callable[[], bool | None]) -> bool:
        """Whether it was written; what the database refuses for itself is counted."""
        try:
            return bool(write())
        except (*_PASSING, *_WRONG_SCHEMA):
            raise
        except (DBAPIError, psycopg.Error) as exc:
            reason = str(getattr(exc, "orig", exc)).partition("\n")[0]
            _LOG.error("the database refused a snapshot: %s", reason)
            self._counts.refused[reason] += 1
            return False

    def _attempt(self, action: Callable[[], T]) -> T | None:
        """The action's result; None after a failure that may pass (at once, with a spool)."""
        while True:
            try:
                result = action()
            except _PASSING as exc:
                self._failed(exc)
                if self._spool is not None or self._stopped.wait(self._pause_left()):
                    return None
                continue
            except _WRONG_SCHEMA as exc:
                _raise_if_not_migrated(exc)
                raise
            if self._attempts:
                _LOG.warning("the database answers again")
            self._attempts, self._has_answered = 0, True
            return result

    def _failed(self, exc: Exception) -> None:
        if self._spool is None and not self._has_answered:
            raise exc
        self._attempts += 1
        self._next_attempt = time.monotonic() + pause_s(self._attempts)
        if self._attempts == 1:
            _LOG.warning("%s Trying again until it does.", exc)
            self._counts.lost_connections += 1

    def _is_due(self) -> bool:
        return not self._attempts or self._pause_left() <= 0

    def _pause_left(self) -> float:
        return max(0.0, self._next_attempt - time.monotonic())

    def _wait_in_spool(self, spool: Spool, snapshot: EnrichedSnapshot) -> None:
        spool.add(snapshot)
        self._counts.spooled += 1


def _raise_if_not_migrated(exc: Exception) -> None:
    if getattr(getattr(exc, "orig", exc), "sqlstate", None) in _NOT_MIGRATED:
        raise NotMigratedError(
            "The database is not migrated to this version; run `alembic upgrade head`."
        ) from exc
