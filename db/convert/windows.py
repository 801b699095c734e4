"""The windows of time in which rows are copied: a task each."""

import math
from collections.abc import Iterator
from datetime import timedelta

from psycopg import sql

from db.convert import facts
from db.convert.facts import TableFacts
from db.convert.model import Job
from db.convert.session import Connection, catalog, one

_PLAIN_WINDOW = timedelta(days=1)
# parts of a chunk interval whose length is a whole number of microseconds for any whole minutes
_PARTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 96, 192)
# trading fills a quarter of the day: a window of a busy hour holds four times the average
_BUSY = 4

Window = tuple[str, str]


def plan_windows(connection: Connection, job: Job) -> None:
    """Write the tasks of a conversion, unless they are there; rows after this are in the log."""
    found = one(
        connection,
        "SELECT count(*) AS n FROM oi_convert.task WHERE conversion_id = %s",
        [job.id],
    )
    if found["n"]:
        return
    windows = compared_ranges(list(find_windows(connection, job)))
    if not job.blueprint.oldest_first:
        windows.reverse()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO oi_convert.task
                (conversion_id, number, range_start, range_end, compared_start, compared_end)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [(job.id, number, *window) for number, window in enumerate(windows)],
        )


def compared_ranges(windows: list[Window]) -> list[tuple[str, str, str, str]]:
    """Each window with the range compared along with it: from there to the next one's start.

    Together the compared ranges cover all of time; without windows one covers it alone.
    """
    if not windows:
        return [("-infinity", "infinity", "-infinity", "infinity")]
    starts = ["-infinity", *(start for start, _ in windows[1:])]
    ends = [*starts[1:], "infinity"]
    return [(*window, start, end) for window, start, end in zip(windows, starts, ends, strict=True)]


def compared(connection: Connection, job: Job) -> list[Window]:
    """The compared ranges of a conversion, in time."""
    rows = connection.execute(
        """
        SELECT compared_start,
               compared_end
        FROM oi_convert.task
        WHERE conversion_id = %s
        ORDER BY number
        """,
        [job.id],
    ).fetchall()
    return [(row["compared_start"], row["compared_end"]) for row in rows]


def find_windows(connection: Connection, job: Job) -> Iterator[Window]:
    """The windows that hold rows, oldest first."""
    table = facts.named(connection, job.live.as_string(connection))
    if table.is_hypertable:
        for row in catalog(connection, "chunk_ranges", schema=table.schema, name=table.name):
            yield row["range_start"], row["range_end"]
        return
    step = _step(job)
    days = list(_occupied(connection, job, table, step))
    parts = _parts(table.estimated_rows, len(days), job.blueprint.window_rows)
    if parts == 1:
        yield from days
    else:
        yield from _occupied(connection, job, table, step / parts)


def _step(job: Job) -> timedelta:
    interval_us = job.blueprint.chunk_interval_us
    return timedelta(microseconds=interval_us) if interval_us else _PLAIN_WINDOW


def _parts(rows: int, steps: int, window_rows: int) -> int:
    wanted = math.ceil(rows / max(steps, 1) / window_rows)
    if wanted <= 1:
        return 1
    return next((part for part in _PARTS if part >= wanted * _BUSY), _PARTS[-1])


def _occupied(
    connection: Connection, job: Job, table: TableFacts, step: timedelta
) -> Iterator[Window]:
    """Windows of one length aligned with the epoch, skipping from row to row over the gaps."""
    query = sql.SQL(
        """
        SELECT date_bin(%(step)s, first, TIMESTAMP '1970-01-01')::TEXT AS range_start,
               (date_bin(%(step)s, first, TIMESTAMP '1970-01-01') + %(step)s)::TEXT AS range_end
        FROM (
            SELECT min({time})::TIMESTAMP AS first
            FROM {table}
            WHERE {time} >= %(cursor)s::{type}
              AND {time} < 'infinity'
        ) f
        WHERE first > '-infinity'
        """
    ).format(
        time=sql.Identifier(job.blueprint.time_column),
        table=table.identifier,
        type=sql.SQL(job.blueprint.time_type),
    )
    # the first instant PostgreSQL can tell from -infinity
    cursor = "4713-01-01 00:00:00 BC"
    while True:
        row = connection.execute(query, {"step": step, "cursor": cursor}).fetchone()
        if row is None or row["range_start"] is None:
            return
        yield row["range_start"], row["range_end"]
        cursor = row["range_end"]
