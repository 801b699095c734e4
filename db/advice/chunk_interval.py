"""Chunks that are too large for memory, or so small that planning costs more than reading.

https://docs.tigerdata.com/use-timescale/latest/hypertables/improve-query-performance/
"""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection

from db.advice.proposal import Advice, PlannedStatement
from db.advice.relations import Hypertable, hypertables, run

_MANY_CHUNKS = 100
_SMALL_ROWS = 50_000
_WANTED_ROWS = 1_000_000
_NICE = tuple(
    timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 72, 168, 336, 720, 2160, 4320, 8760)
)


def chunk_intervals(
    connection: Connection, planned: tuple[PlannedStatement, ...]
) -> Iterator[Advice]:
    """A better interval for each hypertable whose chunks are out of proportion."""
    buffers_bytes = run(connection, "shared_buffers").scalar_one()
    for table in hypertables(connection):
        wanted = _smaller(table, buffers_bytes) or _larger(table)
        if wanted is not None and wanted[0] != table.chunk_interval:
            yield _advice(table, *wanted)


def _smaller(table: Hypertable, buffers_bytes: int) -> tuple[timedelta, str] | None:
    """The chunk that is written must stay in memory with its indexes."""
    size_bytes = table.closed_size_bytes
    if not size_bytes or size_bytes <= buffers_bytes:
        return None
    fitting = table.chunk_interval * (buffers_bytes / size_bytes) / 2
    nice = max((step for step in _NICE if step <= fitting), default=_NICE[0])
    return nice, (
        f"a closed chunk takes {size_bytes / 2**20:,.0f} MB with its indexes; shared_buffers "
        f"are {buffers_bytes / 2**20:,.0f} MB"
    )


def _larger(table: Hypertable) -> tuple[timedelta, str] | None:
    rows = (table.row_count or 0) / max(table.chunk_count, 1)
    if table.chunk_count < _MANY_CHUNKS or not 0 < rows < _SMALL_ROWS:
        return None
    fitting = table.chunk_interval * (_WANTED_ROWS / rows)
    nice = max((step for step in _NICE if step <= fitting), default=table.chunk_interval)
    return nice, f"{table.chunk_count} chunks of {rows:,.0f} rows: each is planned by every read"


def _advice(table: Hypertable, wanted: timedelta, evidence: str) -> Advice:
    return Advice(
        kind="chunk interval",
        target=table.root,
        evidence=(evidence, "The new interval holds for new chunks."),
        migration=(
            f'op.set_chunk_interval("{table.root}", {wanted!r}, existing={table.chunk_interval!r})'
        ),
    )
