"""One session of the traffic, a process of its own so that nothing else in Python delays it.

`python -m benchmarks.traffic.session writer|reader|bystander FILE NEWEST` works on OI_DATABASE_URL
and ends with its standard input. FILE gets a RECORD a statement, FILE.failed a line a failure.
"""

import gc
import itertools
import os
import select
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from benchmarks.server.databases import Session, session
from db.market.exchanges import EXCHANGES
from db.timescale.sqltext import named_statements

EXCHANGE = "TRAFFIC"
"""An exchange key of its own, so that what the writer wrote can be counted apart."""
APPLICATION_NAME = "oi-benchmarks-traffic"
RECORD = struct.Struct("=ddqq")
"""Start (Unix time, s), duration (ms), number of the acknowledged row or NOTHING, its OI."""
NOTHING = -1
LATE = timedelta(hours=3)
_SQL = named_statements("benchmarks.traffic", "session.sql")
_PAUSE_S = 0.02
_RECENT = timedelta(minutes=40)
_STRIKES = 11
_ROWS = 2 * _STRIKES
_EVERY_LATE, _EVERY_TWICE = 5, 7

Statement = tuple[str, Mapping[str, Any], int, int]


def writes(newest: datetime) -> Iterator[Statement]:
    """Statement name, parameters, row number and OI of what the writer sends, without end.

    Snapshots of 22 rows at instants after `newest` (naive IST), every fifth late by hours; every
    seventh row is written twice. No two rows share a key.
    """
    for snapshot in itertools.count():
        at = newest + timedelta(seconds=snapshot + 1)
        if snapshot % _EVERY_LATE == 0:
            at -= LATE + timedelta(seconds=0.5)
        for number in range(snapshot * _ROWS, (snapshot + 1) * _ROWS):
            yield "save_row", row(number, at, version=0), number, 10 * number
            if number % _EVERY_TWICE == 0:
                yield "save_row", row(number, at, version=1), number, 10 * number + 1
        saved = {"at": at, "exchange": EXCHANGE}
        yield "save_features", saved, NOTHING, NOTHING
        yield "save_metadata", saved, NOTHING, NOTHING


def row(number: int, at: datetime, *, version: int) -> dict[str, Any]:
    """The parameters of a row; its OI grows with each time it is written."""
    place = number % _ROWS
    return {
        "at": at,
        "exchange": EXCHANGE,
        "strike": 24000.0 + 50 * (place // 2),
        "option_type": ("CE", "PE")[place % 2],
        "oi": 10 * number + version,
        "token": number,
    }


def reads(newest: datetime) -> Iterator[Statement]:
    """What the reader sends, without end, exchange by exchange."""
    window = {"start": newest - _RECENT, "end": newest}
    for exchange in itertools.cycle(EXCHANGES):
        for name in ("latest_oi", "features", "latest_oi", "latest_vix"):
            yield name, window | {"exchange": exchange}, NOTHING, NOTHING


def nothing(newest: datetime) -> Iterator[Statement]:
    """What the bystander sends, without end."""
    while True:
        yield "nothing", {}, NOTHING, NOTHING


KINDS = {"writer": writes, "reader": reads, "bystander": nothing}
"""What each session sends; the bystander's times are those of the machine, not of a lock."""


def run(kind: str, file: Path, newest: datetime) -> None:
    """Send statements until standard input ends; a lost connection is made again."""
    # a collection stops everything for milliseconds, and nothing here makes cycles
    gc.disable()
    working = _session()
    with (
        file.open("ab", buffering=0) as record,
        file.with_suffix(".failed").open("a", buffering=1) as failed,
    ):
        for name, parameters, number, oi in KINDS[kind](newest):
            if working.closed:
                working = _session()
            started, clock = time.time(), time.perf_counter_ns()
            error = _error(working, _SQL[name], parameters)
            duration_ms = (time.perf_counter_ns() - clock) / 1e6
            record.write(RECORD.pack(started, duration_ms, NOTHING if error else number, oi))
            if error:
                failed.write(f"{started}\t{name}: {error}\n")
            if select.select([sys.stdin], [], [], _PAUSE_S)[0]:
                break
    working.close()


def _error(working: Session, query: str, parameters: Mapping[str, Any]) -> str | None:
    try:
        cursor = working.execute(query.encode(), parameters)
        if cursor.description:
            cursor.fetchall()
    except psycopg.Error as error:
        return str(error).partition("\n")[0]
    return None


def _session() -> Session:
    made = session(make_url(os.environ["OI_DATABASE_URL"]))
    made.prepare_threshold = None  # the legacy program's driver prepares nothing
    made.execute("SELECT set_config('application_name', %s, false)", [APPLICATION_NAME])
    return made


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]))
