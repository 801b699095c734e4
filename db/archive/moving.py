"""Rows into the archive and back: each span copied, compared and removed in one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import URL

from db.archive import catalog
from db.archive.catalog import Archive, archive_of, connect, rows
from db.archive.errors import ArchiveError
from db.convert.session import Connection, Row, fetching
from db.syncing import file_systems, synced

OnSpan = Callable[[str, int], None]


def _quiet(span: str, count: int) -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """What one call moved, in as many transactions as `spans`; rows None where not counted."""

    table: str
    spans: int
    chunks: int | None = None
    rows: int | None = None


def run(url: URL, table: str, on_span: OnSpan = _quiet) -> Moved:
    """Move every chunk that is due into the archive now; may be killed and called again.

    Raises ArchiveError without a policy, or where a rollup has to be refreshed first.
    """
    with connect(url) as connection, synced(file_systems(fetching(connection))):
        archive = archive_of(connection, table)
        before = catalog.side(connection, archive.target).chunks
        spans = 0
        while _step(connection, archive):
            spans += 1
            left = catalog.side(connection, archive.target).chunks
            on_span(f"{before - left} chunks archived", left)
        moved = before - catalog.side(connection, archive.target).chunks
        return Moved(table=archive.target, spans=spans, chunks=moved)


def _step(connection: Connection, archive: Archive) -> bool:
    with _own_words():
        return bool(rows(connection, "run", **_archive_of(archive))[0]["more"])


def restore(
    url: URL,
    table: str,
    start: datetime,
    end: datetime,
    *,
    hold: timedelta = timedelta(days=7),
    on_span: OnSpan = _quiet,
) -> Moved:
    """Bring the archived rows of [start, end) back; if any are, the policy rests for `hold` then.

    Naive times are the table's own. Of a row that was written anew since, the newer one stays.
    Raises ArchiveError where the table changed so that rows cannot come back as they were.
    """
    if start >= end:
        raise ArchiveError(f"The window from {start} to {end} is empty; --from must come first.")
    with connect(url) as connection, synced(file_systems(fetching(connection))):
        archive = archive_of(connection, table)
        spans = restored = 0
        if not catalog.holds(connection, archive, start, end):
            return Moved(table=archive.target, spans=spans, rows=restored)
        _hold(connection, archive, hold)
        since = str(start)
        while step := _restore_step(connection, archive, since, str(end)):
            if step["restored"]:
                spans, restored = spans + 1, restored + step["restored"]
                on_span(f"{since} to {step['next_from']}", step["restored"])
            since = step["next_from"]
        while rows(connection, "drop_emptied", **_archive_of(archive))[0]["more"]:
            pass
        return Moved(table=archive.target, spans=spans, rows=restored)


def _restore_step(connection: Connection, archive: Archive, since: str, until: str) -> Row | None:
    """One span back in the transaction of one statement; None when nothing is left."""
    window = {"since": since, "until": until}
    with _own_words():
        (step,) = rows(connection, "restore", **_archive_of(archive), **window)
    return step if step["next_from"] is not None else None


@contextmanager
def _own_words() -> Iterator[None]:
    """What the engine refuses in a sentence of its own is an ArchiveError."""
    try:
        yield
    except (
        psycopg.errors.ObjectNotInPrerequisiteState,
        psycopg.errors.DependentObjectsStillExist,
        psycopg.errors.DataCorrupted,
        psycopg.errors.LockNotAvailable,
    ) as error:
        raise ArchiveError(str(error.diag.message_primary)) from error


def _archive_of(archive: Archive) -> dict[str, object]:
    return {"target": archive.target, "config": Jsonb(archive.config)}


def _hold(connection: Connection, archive: Archive, hold: timedelta) -> None:
    if archive.job_id is not None:
        rows(connection, "hold_job", hold=hold, job_id=archive.job_id)
    else:
        connection.execute(
            catalog.statement("hold_policy"), {"hold": hold, "target": archive.target}
        )
