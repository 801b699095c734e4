"""A reader and a writer that never stop, and how long each of their statements stood."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import URL

from benchmarks.server.databases import Session, session

_PAUSE_S = 0.02
_READ = """
    SELECT token, oi
    FROM option_chain_snapshots
    WHERE exchange = 'NSE'
        AND timestamp = (
            SELECT MAX(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = 'NSE'
        )
"""
# the legacy program's upsert, aimed at a row that is there, so that no row is added
_WRITE = """
    INSERT INTO option_chain_snapshots (
        timestamp, exchange, strike, option_type, symbol, oi, token, underlying_price
    )
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (timestamp, exchange, strike, option_type)
    DO UPDATE SET oi = EXCLUDED.oi
"""
_WRITTEN = """
    SELECT timestamp, exchange, strike, option_type, symbol, oi, token, underlying_price
    FROM option_chain_snapshots
    WHERE exchange = 'NSE'
    ORDER BY timestamp DESC, strike, option_type
    LIMIT 1
"""


@dataclass(slots=True)
class Probed:
    """What one probing session saw: statement times in milliseconds and errors in words."""

    waits_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def longest_ms(self) -> float:
        """The longest statement; 0 when none finished."""
        return max(self.waits_ms, default=0.0)


@dataclass(slots=True)
class Probes:
    """The reader's and the writer's observations."""

    reader: Probed = field(default_factory=Probed)
    writer: Probed = field(default_factory=Probed)

    @property
    def longest_ms(self) -> float:
        """The longest any of them stood."""
        return max(self.reader.longest_ms, self.writer.longest_ms)

    @property
    def errors(self) -> list[str]:
        """Statements that failed, in words, each once."""
        return sorted({*self.reader.errors, *self.writer.errors})


@contextlib.contextmanager
def probing(url: URL) -> Iterator[Probes]:
    """Read and write the chain every 20 ms in two sessions of their own until the block ends."""
    probes, stop = Probes(), threading.Event()
    with session(url) as reader, session(url) as writer:
        row = writer.execute(_WRITTEN).fetchone()
        work: list[tuple[Probed, Callable[[], object]]] = [
            (probes.reader, lambda: reader.execute(_READ).fetchall()),
            (probes.writer, lambda: _write(writer, row)),
        ]
        threads = [threading.Thread(target=_loop, args=(*each, stop), daemon=True) for each in work]
        for thread in threads:
            thread.start()
        try:
            yield probes
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _write(writer: Session, row: Sequence[Any] | None) -> None:
    if row:
        writer.execute(_WRITE, row)


def _loop(probed: Probed, statement: Callable[[], object], stop: threading.Event) -> None:
    while not stop.is_set():
        started = time.perf_counter_ns()
        try:
            statement()
        except psycopg.Error as error:
            probed.errors.append(str(error).partition("\n")[0])
        probed.waits_ms.append((time.perf_counter_ns() - started) / 1e6)
        stop.wait(_PAUSE_S)
