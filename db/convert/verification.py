"""Both sides compared window by window, in one snapshot each."""

from psycopg import sql

from db.convert import tasks
from db.convert.errors import MismatchError
from db.convert.model import Job
from db.convert.pair import Pair
from db.convert.session import Connection, Row, one
from db.convert.workers import Worker


def verify_window(worker: Worker) -> int | None:
    """Compare one window that is not verified yet; returns its rows, None when all are.

    Raises MismatchError, naming the window, when count or checksum differ.
    """
    return tasks.do_one(
        worker.connection, worker.job, "verified_at", lambda task: _verify(worker, task)
    )


def _verify(worker: Worker, task: Row) -> int:
    bounds = (task["compared_start"], task["compared_end"])
    counted = compare(worker.connection, worker.pair, *bounds)
    _mark(worker.connection, worker.job, task["number"], counted)
    rows = int(counted["source_rows"])
    worker.did(rows)
    return rows


def compare(connection: Connection, pair: Pair, range_start: str, range_end: str) -> Row:
    """Rows and checksums of both sides in one window; raises MismatchError.

    Where the sides differ at first sight, rows whose keys are logged or quarantined are left out
    of both: those are known to differ, and one statement has one snapshot, so that every other
    row must be equal.
    """
    bounds = {"range_start": range_start, "range_end": range_end}
    counted = one(connection, _comparison(pair, sql.SQL("true")), bounds)
    if not _is_equal(counted):
        counted = one(connection, _comparison(pair, _settled(pair)), bounds)
    if not _is_equal(counted):
        raise MismatchError(
            f"{pair.source.as_string(connection)} and {pair.mirror.as_string(connection)} differ "
            f"between {range_start} and {range_end}: {counted['source_rows']} rows against "
            f"{counted['mirror_rows']}, checksums {counted['source_checksum']} and "
            f"{counted['mirror_checksum']}. Nothing was swapped; `undo`, and run it again."
        )
    return counted


def _is_equal(counted: Row) -> bool:
    same_rows = counted["source_rows"] == counted["mirror_rows"]
    return bool(same_rows and counted["source_checksum"] == counted["mirror_checksum"])


def _comparison(pair: Pair, settled: sql.Composable) -> sql.Composed:
    settled = sql.SQL("{} AND {}").format(pair.within("s"), settled)
    source = pair.best_rows(sql.SQL("{} AND {}").format(settled, pair.placeable("s")))
    mirror = sql.SQL("SELECT {} FROM {} s WHERE {}").format(
        pair.from_alias("s", pair.columns), pair.mirror, settled
    )
    return sql.SQL(
        """
        SELECT a.n AS source_rows,
               a.checksum AS source_checksum,
               b.n AS mirror_rows,
               b.checksum AS mirror_checksum
        FROM (SELECT count(*) AS n, {checksum} AS checksum FROM ({source}) r) a,
             (SELECT count(*) AS n, {checksum} AS checksum FROM ({mirror}) r) b
        """
    ).format(checksum=pair.checksum("r"), source=source, mirror=mirror)


def _settled(pair: Pair) -> sql.Composed:
    return sql.SQL(
        "NOT EXISTS (SELECT FROM {log} l WHERE {same}) "
        "AND NOT EXISTS (SELECT FROM {log} l WHERE l.is_truncate) "
        "AND (NOT EXISTS (SELECT FROM oi_convert.quarantine WHERE conversion_id = {id}) "
        "OR NOT EXISTS (SELECT FROM oi_convert.quarantine q WHERE q.conversion_id = {id} "
        "AND q.key = jsonb_build_array({keys})))"
    ).format(
        log=pair.log,
        same=pair.same_key("l", "s"),
        id=sql.Literal(pair.conversion_id),
        keys=pair.from_alias("s", pair.identity),
    )


def _mark(connection: Connection, job: Job, number: int, counted: Row) -> None:
    connection.execute(
        """
        UPDATE oi_convert.task
        SET verified_at = clock_timestamp(),
            checksum = %s
        WHERE conversion_id = %s
          AND number = %s
        """,
        [counted["source_checksum"], job.id, number],
    )
