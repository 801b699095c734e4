"""Rows into the archive and back: each span copied, compared and removed in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import URL

from db.archive import catalog
from db.archive.catalog import Archive, archive_of, connect, relation, rows
from db.archive.errors import ArchiveError
from db.convert.session import Connection, Row, one

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
    with connect(url) as connection:
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
    try:
        step = rows(connection, "run", target=archive.target, config=Jsonb(archive.config))
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        raise ArchiveError(
            f"{error.diag.message_primary} Run `python -m db maintain --fill`, then this again."
        ) from error
    return bool(step[0]["more"])


def restore(
    url: URL,
    table: str,
    start: datetime,
    end: datetime,
    *,
    hold: timedelta = timedelta(days=7),
    on_span: OnSpan = _quiet,
) -> Moved:
    """Bring the archived rows of [start, end) back; the policy rests for `hold` afterwards.

    Naive times are the table's own. Raises ArchiveError where a row was written anew since.
    """
    if start >= end:
        raise ArchiveError(f"The window from {start} to {end} is empty; --from must come first.")
    with connect(url) as connection:
        archive = archive_of(connection, table)
        _hold(connection, archive, hold)
        spans = restored = 0
        for first, until in _spans(connection, archive, start, end):
            count = _bring_back(connection, archive, first, until)
            spans, restored = spans + 1, restored + count
            on_span(f"{first} to {until}", count)
        _drop_empty_chunks(connection, archive)
        return Moved(table=archive.target, spans=spans, rows=restored)


def _hold(connection: Connection, archive: Archive, hold: timedelta) -> None:
    if archive.job_id is not None:
        rows(connection, "hold_job", hold=hold, job_id=archive.job_id)
    else:
        connection.execute(
            catalog.statement("hold_policy"), {"hold": hold, "target": archive.target}
        )


def _spans(
    connection: Connection, archive: Archive, start: datetime, end: datetime
) -> Iterator[tuple[Any, Any]]:
    """Pieces of the window as long as a chunk of the table, each with archived rows."""
    types = {"time": sql.Identifier(archive.time_column), "type": sql.SQL(archive.time_type)}
    query = sql.SQL(
        "SELECT min({time}) AS first, least(min({time}) + %s, %s::{type})::{type} AS until "
        "FROM {archive} WHERE {time} >= %s::{type} AND {time} < %s::{type}"
    ).format(archive=relation(archive.archive_table), **types)
    cursor: Any = start
    while True:
        span = one(connection, query, [archive.chunk_interval, end, cursor, end])
        if span["first"] is None:
            return
        yield span["first"], span["until"]
        cursor = span["until"]


def _bring_back(connection: Connection, archive: Archive, first: datetime, until: datetime) -> int:
    columns = catalog.column_list(connection, archive.target)
    parts = {
        "target": relation(archive.target),
        "archive": relation(archive.archive_table),
        "columns": columns,
        "time": sql.Identifier(archive.time_column),
        "type": sql.SQL(archive.time_type),
    }
    span = [first, until]
    with connection.transaction():
        rows(connection, "lock", target=archive.target)
        wanted = one(connection, sql.SQL(_SUM).format(**parts), span)
        stored = _insert(connection, sql.SQL(_INSERT).format(**parts), span, archive)
        deleted = connection.execute(sql.SQL(_DELETE).format(**parts), span).rowcount
        if stored != wanted or deleted != wanted["count"]:
            raise ArchiveError(
                f"{archive.target}: {wanted['count']} rows of {first} to {until} did not come back "
                "as they were; nothing of this span was moved."
            )
    return int(wanted["count"])


_SUM = """
    SELECT count(*) AS count,
           sum(hashtextextended(r::TEXT, 0)::NUMERIC) AS checksum
    FROM (
        SELECT {columns}
        FROM {archive}
        WHERE {time} >= %s::{type}
          AND {time} < %s::{type}
    ) r
"""
_INSERT = """
    WITH stored AS (
        INSERT INTO {target} ({columns})
        SELECT {columns}
        FROM {archive}
        WHERE {time} >= %s::{type}
          AND {time} < %s::{type}
        RETURNING {columns}
    )
    SELECT count(*) AS count,
           sum(hashtextextended(r::TEXT, 0)::NUMERIC) AS checksum
    FROM (SELECT * FROM stored) r
"""
_DELETE = "DELETE FROM {archive} WHERE {time} >= %s::{type} AND {time} < %s::{type}"


def _insert(
    connection: Connection, statement: sql.Composed, span: list[Any], archive: Archive
) -> Row:
    try:
        return one(connection, statement, span)
    except psycopg.errors.UniqueViolation as error:
        raise ArchiveError(
            f"{archive.target} and its archive both hold a row "
            f"({(error.diag.message_detail or '').rstrip('.')}): it was written anew after it was "
            f"archived. Delete the one in {archive.archive_table} that is older, then run this "
            "again."
        ) from error


def _drop_empty_chunks(connection: Connection, archive: Archive) -> None:
    """Chunks of the archive that gave back their last row go."""
    for chunk in rows(connection, "chunks", table=archive.archive_table):
        name = relation(chunk["chunk"])
        with connection.transaction():
            rows(connection, "lock", target=archive.target)
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(name))
            held = one(connection, sql.SQL("SELECT EXISTS (SELECT FROM {}) AS rows").format(name))
            if not held["rows"]:
                connection.execute(sql.SQL("DROP TABLE {}").format(name))
