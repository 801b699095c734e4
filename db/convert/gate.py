"""A gate before each chunk of an index build, so that a build rests and waits as a copy does.

CREATE INDEX on a hypertable goes through all chunks in one statement. It takes SHARE on each as it
comes to it, in the order of their oids: whoever holds ROW EXCLUSIVE on the next one holds the
build. Nobody else uses the new table, so nobody else meets these locks.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

import psycopg
from psycopg import sql
from sqlalchemy import URL

from db.convert.session import Connection, Row, catalog, connect, one

BeforeEach = Callable[[int, int], None]
"""Called before a chunk is built: its number from 0, and how many there are."""

_LOOK_S = 0.005


@contextmanager
def gated(
    url: URL, builder: Connection, oid: int, before_each: BeforeEach, stop: threading.Event
) -> Iterator[None]:
    """Hold what `builder` builds over the chunks of the hypertable `oid` before each of them.

    `stop` is set when the build has ended. What `before_each` raises opens the gate for good, and
    is raised at the end of the block.
    """
    gate = _Gate(url, builder.info.backend_pid, oid, before_each, stop)
    with ThreadPoolExecutor(max_workers=1) as beside:
        kept = beside.submit(gate.keep)
        gate.ready.wait()
        try:
            yield
        finally:
            stop.set()
        kept.result()


@dataclass
class _Gate:
    url: URL
    builder_pid: int
    oid: int
    before_each: BeforeEach
    stop: threading.Event
    ready: threading.Event = field(default_factory=threading.Event)

    def keep(self) -> None:
        """Let the build through, chunk by chunk, over two sessions that hold a lock in turn."""
        name = "oi convert gate"
        try:
            with (
                connect(self.url, application_name=name) as first,
                connect(self.url, application_name=name) as second,
            ):
                self._keep(cycle((first, second)), catalog(first, "chunks", oid=self.oid))
        finally:
            self.ready.set()

    def _keep(self, keepers: Iterator[Connection], chunks: Sequence[Row]) -> None:
        before: Connection | None = None
        for number, chunk in enumerate(chunks):
            keeper = next(keepers)
            if not _hold(keeper, chunk):
                continue
            if before is not None:
                before.rollback()
            before = keeper
            self.ready.set()
            if not self._comes(keeper):
                return
            self.before_each(number, len(chunks))

    def _comes(self, keeper: Connection) -> bool:
        """Wait until the build stands before the keeper's chunk; False when it has ended."""
        query = "SELECT pg_backend_pid() = ANY (pg_blocking_pids(%s)) AS waits"
        while not self.stop.is_set():
            if one(keeper, query, [self.builder_pid])["waits"]:
                return True
            self.stop.wait(_LOOK_S)
        return False


def _hold(keeper: Connection, chunk: Row) -> bool:
    """Lock a chunk until the keeper rolls back; False where the build is there already."""
    table = sql.Identifier(chunk["schema"], chunk["name"])
    keeper.execute("BEGIN")
    try:
        keeper.execute(sql.SQL("LOCK TABLE ONLY {} IN ROW EXCLUSIVE MODE NOWAIT").format(table))
    except psycopg.errors.LockNotAvailable:
        keeper.rollback()
        return False
    return True
