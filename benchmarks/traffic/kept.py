"""Every row counted, in the table and in the archive: lost and doubled ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.server.databases import Session
from benchmarks.traffic.flow import Traffic
from benchmarks.traffic.session import EXCHANGE, LATE
from db.timescale.sqltext import named_statements

_SQL = named_statements("benchmarks.traffic", "kept.sql")


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows that are not there, or not as last acknowledged, and rows beyond one a key."""

    rows_lost: int
    rows_doubled: int


def kept(watching: Session, spec: DatasetSpec, traffic: Traffic) -> Kept:
    """Count while the traffic goes on: what it had acknowledged before must be found."""
    written = traffic.acknowledged()
    rows = keys = loaded = 0
    for start, end in _ranges(spec):
        found = _counted(watching, start, end)
        rows, keys, loaded = rows + found[0], keys + found[1], loaded + found[2]
    missing = lost(written, _stored(watching, spec))
    return Kept(rows_lost=spec.rows - loaded + missing, rows_doubled=rows - keys)


def lost(acknowledged: dict[int, int], stored: dict[int, int]) -> int:
    """Acknowledged rows that are not stored, or with an older OI, which only grows."""
    return sum(stored.get(number, -1) < oi for number, oi in acknowledged.items())


def _ranges(spec: DatasetSpec) -> Iterator[tuple[str, str]]:
    """All of time in a range a trading day: none needs much memory to group."""
    inner = [str(datetime.combine(day, time())) for day in spec.trading_days[1:]]
    yield from pairwise(["-infinity", *inner, "infinity"])


def _counted(watching: Session, start: str, end: str) -> tuple[int, int, int]:
    """Rows, keys and loaded rows of a range in one statement: the archive may be moving rows."""
    exists = watching.execute(_SQL["history_view"].encode()).fetchone() == (True,)
    query = _SQL["history_rows" if exists else "rows"]
    row = watching.execute(
        query.encode(), {"start": start, "end": end, "traffic": EXCHANGE}
    ).fetchone()
    return row or (0, 0, 0)


def _stored(watching: Session, spec: DatasetSpec) -> dict[int, int]:
    since = spec.last_instant - LATE - timedelta(seconds=1)
    found = watching.execute(_SQL["written"].encode(), {"traffic": EXCHANGE, "start": since})
    return dict(found.fetchall())
