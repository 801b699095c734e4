"""Several sessions on one kind of step until all is done, throttled and stoppable."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import URL

from db.convert import pair as pairs
from db.convert import state
from db.convert.model import Job
from db.convert.pair import Pair
from db.convert.session import Connection, connect
from db.convert.throttle import LagMeter, Pacer, RateLimit, wait_for_turn


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


@dataclass
class Worker:
    """One worker: its sessions and what it works on; `job` is read anew before each step."""

    url: URL
    connection: Connection
    pair: Pair
    job: Job
    tally: Tally
    pacer: Pacer
    rows: int = 0
    meter: LagMeter = field(default_factory=LagMeter)
    _reader: Connection | None = None

    def reader(self) -> Connection:
        """A second session, for what is read while the first one writes."""
        if self._reader is None or self._reader.closed:
            self._reader = connect(self.url, application_name="oi convert reader")
        return self._reader

    def turn(self, told: Callable[[str | None], None] | None = None) -> None:
        """Wait until the conversion may go on, or is to stop; `told` hears what is waited for."""

        def note(reason: str | None) -> None:
            self.tally.wait_for(self.connection, self.job, reason)
            if told:
                told(reason)

        self.job = wait_for_turn(self.connection, self.job, self.meter, self.tally.stop, note)
        self.pacer.begin()

    def did(self, rows: int) -> None:
        """Count rows as they are done, and rest where there is a limit to them."""
        self.rows += rows
        self.tally.add(rows)
        self.pacer.rest(rows, self.job.throttle)

    def close(self) -> None:
        """End the second session; the first one is its owner's."""
        if self._reader is not None:
            self._reader.close()


Step = Callable[[Worker], int | None]
"""Does one window, tells `Worker.did` as it goes, and returns its rows; None when none is left."""


def run_workers(
    url: URL, job: Job, step: Step, workers: int, on_rows: Callable[[int, str | None], None]
) -> int:
    """Several workers on one kind of step until all is done; returns the rows they did.

    `on_rows` is called a few times a second with the rows so far and what they wait for; an error
    of a worker, or of `on_rows`, stops the others at the end of their windows and is raised.
    """
    tally, limit = Tally(), RateLimit()
    threads = [
        threading.Thread(target=_work, args=(url, job, step, tally, limit), daemon=True)
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


@contextmanager
def working(url: URL, job: Job, tally: Tally, limit: RateLimit | None = None) -> Iterator[Worker]:
    """A worker with sessions of its own."""
    with connect(url, application_name="oi convert worker") as connection:
        pacer = Pacer(limit or RateLimit(), tally.stop)
        worker = Worker(url, connection, pairs.forward(connection, job), job, tally, pacer)
        try:
            yield worker
        finally:
            worker.close()


def _work(url: URL, job: Job, step: Step, tally: Tally, limit: RateLimit) -> None:
    """Takes steps until there is nothing left to do, or another one has failed."""
    try:
        with working(url, job, tally, limit) as worker:
            while not tally.stop.is_set():
                worker.turn()
                if tally.stop.is_set() or step(worker) is None:
                    return
    except BaseException as error:
        tally.fail(error)
