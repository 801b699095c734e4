"""The copy: windows of time, each in a transaction of its own."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from db.convert import chunks, reconcile, tasks
from db.convert.session import Row
from db.convert.stream import stream
from db.convert.workers import Worker


def copy_window(worker: Worker) -> int | None:
    """Copy one window; returns its rows, or None when every window is copied."""
    return tasks.do_one(
        worker.connection, worker.job, "copied_at", lambda task: _copy(worker, task)
    )


def _copy(worker: Worker, task: Row) -> int:
    connection, pair = worker.connection, worker.pair
    condition = sql.SQL("{} AND {}").format(pair.within("s"), pair.placeable("s"))
    bounds = {"range_start": task["range_start"], "range_end": task["range_end"]}
    before = worker.rows
    try:
        with connection.transaction():
            rows = _stream(worker, condition, bounds)
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        rows = reconcile.place_singly(connection, pair, condition, bounds)
    # what was told on the way counted messages, which are not all rows, and rows not all stored
    worker.did(before + rows - worker.rows)
    reconcile.quarantine_rest(connection, pair, condition, bounds)
    _mark(worker, task["number"], rows)
    return rows


def _stream(worker: Worker, condition: sql.Composed, bounds: Mapping[str, str]) -> int:
    """Copy a window's rows, straight into its chunk where the window is a chunk of its own.

    Such a chunk was made for it and is emptied first, so that its rows can be frozen as they come:
    nobody has to write them again to note that they are committed, nor to freeze them. TimescaleDB
    2.23 and newer take such a COPY themselves and leave its FREEZE out.
    """
    pair = worker.pair
    chunk = chunks.of_window(worker.reader(), worker.job, pair, condition, bounds)
    if chunk is not None:
        worker.connection.execute(sql.SQL("TRUNCATE ONLY {}").format(chunk))
    return stream(
        worker.reader(),
        worker.connection,
        pair.best_rows(condition),
        bounds,
        sql.SQL("{} ({})").format(chunk or pair.mirror, pair.column_list),
        is_binary=all(column.is_binary for column in pair.columns),
        is_frozen=chunk is not None,
        on_rows=worker.did,
    )


def _mark(worker: Worker, number: int, rows: int) -> None:
    worker.connection.execute(
        """
        UPDATE oi_convert.task
        SET copied_rows = %s,
            copied_at = clock_timestamp()
        WHERE conversion_id = %s
          AND number = %s
        """,
        [rows, worker.job.id, number],
    )
