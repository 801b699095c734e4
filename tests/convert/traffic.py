"""A writer and a reader of the legacy kind that never stop while something happens."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import URL

from tests.convert import legacy
from tests.support.databases import connection

START = datetime(2025, 12, 3, 14, 0)
STRIKES = (24050.0, 24100.0, 24150.0)


@dataclass
class Traffic:
    """What the writer believes to be stored, what went wrong, and the longest statement."""

    stored: dict[tuple[str, float], int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    statements: int = 0
    longest_ms: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def timed(self, began: float) -> None:
        self.statements += 1
        self.longest_ms = max(self.longest_ms, (time.perf_counter() - began) * 1000)


@contextmanager
def running(url: URL) -> Iterator[Traffic]:
    """Traffic for as long as the block lasts; it raises whatever failed."""
    traffic = Traffic()
    threads = [
        threading.Thread(target=_guarded, args=(traffic, work, url)) for work in (_write, _read)
    ]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        traffic.stop.set()
        for thread in threads:
            thread.join()
    assert traffic.errors == []


def check(url: URL, traffic: Traffic) -> None:
    """Every row the writer wrote is there once, with the value it wrote last, and none besides."""
    with connection(url) as session:
        rows = session.execute(
            "SELECT timestamp::TEXT, strike, oi FROM option_chain_snapshots "
            "WHERE timestamp >= %s AND exchange = 'NSE' ORDER BY 1, 2",
            [START],
        ).fetchall()
    assert {(time_, strike): oi for time_, strike, oi in rows} == traffic.stored
    assert len(rows) == len(traffic.stored)


def _guarded(traffic: Traffic, work, url: URL) -> None:
    try:
        work(traffic, url)
    except Exception as error:
        traffic.errors.append(repr(error))


def _write(traffic: Traffic, url: URL) -> None:
    """Saves, corrects and cleans up as the legacy program does, row by row."""
    with connection(url) as session:
        for number in range(1_000_000):
            if traffic.stop.is_set():
                return
            moment = START + timedelta(seconds=number)
            for strike in STRIKES:
                _save(traffic, session, moment, strike, number)
            if number % 3 == 2:
                _save(traffic, session, moment - timedelta(seconds=1), STRIKES[0], -number)
            if number % 5 == 4:
                _delete(traffic, session, moment, STRIKES[1])
            time.sleep(0.002)


def _save(traffic, session, moment: datetime, strike: float, oi: int) -> None:
    began = time.perf_counter()
    session.execute(legacy.save(moment, "NSE", strike, oi))
    traffic.timed(began)
    traffic.stored[(str(moment), strike)] = oi


def _delete(traffic, session, moment: datetime, strike: float) -> None:
    began = time.perf_counter()
    session.execute(
        "DELETE FROM option_chain_snapshots WHERE timestamp = %s AND strike = %s", [moment, strike]
    )
    traffic.timed(began)
    traffic.stored.pop((str(moment), strike), None)


def _read(traffic: Traffic, url: URL) -> None:
    with connection(url) as session:
        while not traffic.stop.is_set():
            began = time.perf_counter()
            rows = session.execute(legacy.LATEST.format(exchange="NSE")).fetchall()
            traffic.timed(began)
            if not rows:
                traffic.errors.append("the reader found no latest chain")
            time.sleep(0.005)
