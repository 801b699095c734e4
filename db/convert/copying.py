"""The copy: windows of time claimed and copied, each in a transaction of its own."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from sqlalchemy import URL

from db.convert import pair as pairs
from db.convert import reconcile, state
from db.convert.model import Job
from db.convert.pair import Pair
from db.convert.session import Connection, Row, connect
from db.convert.throttle import LagMeter, pace, wait_for_turn

_CLAIMED_ELSEWHERE_S = 0.2


@dataclass
class Tally:
    """Rows done by all workers of one phase of one run, and what they wait for."""

    rows: int = 0
    waiting_for: str | None = None
    is_known: bool = False
    error: BaseException | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rows: int) -> None:
        with self._lock:
            self.rows += rows

    def wait_for(self, connection: Connection, job: Job, reason: str | None) -> None:
        """Note in the audit trail, once for all workers, that they wait or go on."""
        with self._lock:
            if not self.is_known:
                # an earlier run may have been killed while it waited
                self.waiting_for = state.waiting_for(connection, job.id)
                self.is_known = True
            if reason == self.waiting_for:
                return
            self.waiting_for = reason
            if reason:
                state.note(connection, job.id, state.WAITING, reason=reason)
            else:
                state.note(connection, job.id, state.GOING_ON)

    def fail(self, error: BaseException) -> None:
        with self._lock:
            self.error = self.error or error
        self.stop.set()


Step = Callable[[Connection, Pair, Job], int | None]


def work(url: URL, job: Job, step: Step, tally: Tally) -> None:
    """One worker: takes steps over a connection of its own until there is nothing left to do."""

    def told(connection: Connection, reason: str | None) -> None:
        tally.wait_for(connection, job, reason)

    try:
        with connect(url, application_name="oi convert worker") as connection:
            pair = pairs.forward(connection, job)
            meter = LagMeter()
            while not tally.stop.is_set():
                current = wait_for_turn(connection, job, meter, tally.stop, told)
                if tally.stop.is_set():
                    return
                began = time.monotonic()
                rows = step(connection, pair, current)
                if rows is None:
                    return
                tally.add(rows)
                pace(current, rows, began, tally.stop)
    except BaseException as error:
        tally.fail(error)


def run_workers(
    url: URL, job: Job, step: Step, workers: int, on_rows: Callable[[int, str | None], None]
) -> int:
    """Several workers on one kind of step until all is done; returns the rows they did.

    `on_rows` is called a few times a second with the rows so far and what they wait for; an error
    of a worker, or of `on_rows`, stops the others at the end of their windows and is raised.
    """
    tally = Tally()
    threads = [
        threading.Thread(target=work, args=(url, job, step, tally), daemon=True)
        for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            threads[0].join(0.2) if threads[0].is_alive() else tally.stop.wait(0.2)
            on_rows(tally.rows, tally.waiting_for)
    finally:
        tally.stop.set()
        for thread in threads:
            thread.join()
    if tally.error is not None:
        raise tally.error
    return tally.rows


def copy_window(connection: Connection, pair: Pair, job: Job) -> int | None:
    """Copy one window; returns its rows, or None when every window is copied.

    A window claimed by a worker that was killed becomes free when its session ends.
    """
    while True:
        with connection.transaction():
            task = _claim(connection, job)
            if task is not None:
                rows = _copy(connection, pair, task)
                _mark(connection, job, task["number"], rows)
                return rows
            if not _is_any_left(connection, job):
                return None
        time.sleep(_CLAIMED_ELSEWHERE_S)


def _claim(connection: Connection, job: Job) -> Row | None:
    return connection.execute(
        """
        SELECT number,
               range_start,
               range_end
        FROM oi_convert.task
        WHERE conversion_id = %s
          AND copied_at IS NULL
        ORDER BY number
        LIMIT 1
        FOR UPDATE SKIP LOCKED
        """,
        [job.id],
    ).fetchone()


def _is_any_left(connection: Connection, job: Job) -> bool:
    row = connection.execute(
        """
        SELECT
        FROM oi_convert.task
        WHERE conversion_id = %s
          AND copied_at IS NULL
        LIMIT 1
        """,
        [job.id],
    ).fetchone()
    return row is not None


def _copy(connection: Connection, pair: Pair, task: Row) -> int:
    condition = sql.SQL("{} AND {}").format(pair.within("s"), pair.placeable("s"))
    bounds = {"range_start": task["range_start"], "range_end": task["range_end"]}
    statement = sql.SQL("INSERT INTO {} ({}) {}").format(
        pair.mirror, pair.column_list, pair.best_rows(condition)
    )
    try:
        with connection.transaction():
            rows = connection.execute(statement, bounds).rowcount
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError):
        rows = reconcile.place_singly(connection, pair, condition, bounds)
    reconcile.quarantine_rest(connection, pair, condition, bounds)
    return rows


def _mark(connection: Connection, job: Job, number: int, rows: int) -> None:
    connection.execute(
        """
        UPDATE oi_convert.task
        SET copied_rows = %s,
            copied_at = clock_timestamp()
        WHERE conversion_id = %s
          AND number = %s
        """,
        [rows, job.id, number],
    )
