"""A writer that never stops and knows what it wrote, and a reader that never stops."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import URL

from benchmarks.databases import Session, session

_PAUSE_S = 0.02
_LATER_S = 1.0
_READ = """
    SELECT token, oi
    FROM option_chain_snapshots
    WHERE exchange = %s
        AND timestamp = (
            SELECT MAX(timestamp)
            FROM option_chain_snapshots
            WHERE exchange = %s
        )
"""
_WRITE = """
    INSERT INTO option_chain_snapshots (
        timestamp, exchange, strike, option_type, symbol, oi, token
    )
    VALUES (%(at)s, %(exchange)s, %(strike)s, %(option_type)s, %(symbol)s, %(oi)s, %(token)s)
    ON CONFLICT (timestamp, exchange, strike, option_type)
    DO UPDATE SET oi = EXCLUDED.oi
"""
EXCHANGE = "TRAFFIC"
"""An exchange key of its own, so that what the writer wrote can be counted apart."""


@dataclass(slots=True)
class Traffic:
    """What both saw: statement times in ms, failures in words, rows acknowledged by number."""

    write_ms: list[float] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)

    @property
    def longest_block_ms(self) -> float:
        """The longest any statement took."""
        return max([*self.write_ms, *self.read_ms], default=0.0)


@contextlib.contextmanager
def flowing(url: URL, newest: datetime, *, start: int = 0) -> Iterator[Traffic]:
    """Write and read until the block ends; rows lie at instants after `newest` (naive IST).

    Every fifth row is late (a day before), every seventh is written twice.
    """
    traffic, stop = Traffic(), threading.Event()
    threads = [
        threading.Thread(target=_write, args=(url, newest, start, traffic, stop), daemon=True),
        threading.Thread(target=_read, args=(url, traffic, stop), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _write(url: URL, newest: datetime, start: int, traffic: Traffic, stop: threading.Event) -> None:
    number = start
    with session(url) as writing:
        while not stop.is_set():
            row = _row(number, newest)
            if _timed(writing, _WRITE, row, traffic.write_ms, traffic):
                traffic.acknowledged.add(number)
            if number % 7 == 0:
                _timed(writing, _WRITE, row | {"oi": 1}, traffic.write_ms, traffic)
            number += 1
            stop.wait(_PAUSE_S)


def _read(url: URL, traffic: Traffic, stop: threading.Event) -> None:
    with session(url) as reading:
        while not stop.is_set():
            _timed(reading, _READ, ["NSE", "NSE"], traffic.read_ms, traffic)
            stop.wait(_PAUSE_S)


def _row(number: int, newest: datetime) -> dict[str, Any]:
    late = timedelta(days=1) if number % 5 == 0 else timedelta(0)
    return {
        "at": newest + timedelta(seconds=_LATER_S) - late,
        "exchange": EXCHANGE,
        "strike": float(number),
        "option_type": "CE",
        "symbol": f"{EXCHANGE}{number}",
        "oi": number,
        "token": number,
    }


def _timed(
    using: Session, query: str, parameters: Any, times_ms: list[float], traffic: Traffic
) -> bool:
    started = time.perf_counter_ns()
    try:
        cursor = using.execute(query, parameters)
        if cursor.description:
            cursor.fetchall()
    except psycopg.Error as error:
        traffic.failures.append(str(error).partition("\n")[0])
        return False
    finally:
        times_ms.append((time.perf_counter_ns() - started) / 1e6)
    return True
