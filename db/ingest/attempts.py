"""Writing how often signing in was tried and failed."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, TextClause, text

from db.errors import DatabaseUnavailableError
from db.timescale.sqltext import named_statements

_TRIES = 10


class AttemptRow(NamedTuple):
    """What is kept of an address or a name; instants in seconds since 1970."""

    name: str
    failures: int
    closed_until: float
    last_at: float
    pending: Sequence[float]


class LockedAttempts(NamedTuple):
    """Rows that are nobody else's until the transaction ends, and the database's clock now."""

    now: float
    rows: Sequence[AttemptRow]


def locked_attempts(
    connection: Connection, names: Sequence[str], forgotten_after_s: float
) -> LockedAttempts:
    """Lock a row of each name, made where there is none; what is long ago is swept away."""
    asked = {"names": sorted(names)}
    connection.execute(_statement("sweep"), {"forgotten_after_s": forgotten_after_s})
    for _ in range(_TRIES):
        connection.execute(_statement("note"), asked)
        rows = [AttemptRow(*row) for row in connection.execute(_statement("lock"), asked)]
        # one may have been forgotten between the two statements
        if len(rows) == len(set(names)):
            return LockedAttempts(connection.execute(_statement("clock")).scalar_one(), rows)
    raise DatabaseUnavailableError("Attempts cannot be counted just now; please try again.")


def keep_attempts(
    connection: Connection, kept: Sequence[AttemptRow], forgotten: Sequence[str]
) -> None:
    """Put these in place of what was locked, and forget the others."""
    if kept:
        connection.execute(_statement("keep"), [row._asdict() for row in kept])
    if forgotten:
        connection.execute(_statement("forget"), {"names": list(forgotten)})


def _statement(name: str) -> TextClause:
    return text(named_statements("db.ingest", "attempts.sql")[name])
