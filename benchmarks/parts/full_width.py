"""The widest chains there are: a snapshot of all keys stored, and the live edge of a second."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from sqlalchemy import URL, Connection

from benchmarks.dataset.snapshots import Instant, live_snapshots
from benchmarks.dataset.spec import FULL_WIDTH, DatasetSpec
from benchmarks.timing.statistics import summarize
from db.market.ticks import EnrichedSnapshot

Write = Callable[[Connection, EnrichedSnapshot], bool]

_COUNT = 20
# the first one lists the contracts anew
_WARMING = 3


def full_width(url: URL, spec: DatasetSpec, *, after: int) -> dict[str, Any]:
    """Store snapshots of full chains, then show as many without storing them.

    They are those of the day after the history, but for its first `after` instants. Each is one
    commit an exchange, as the collector has it.
    """
    from db.engine import engine_for
    from db.ingest import write_live_edge, write_snapshot

    count = _WARMING + _COUNT
    made = live_snapshots(replace(spec, strikes=FULL_WIDTH), after + 2 * count)
    instants = list(islice(made, after, None))
    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            stored = _times(connection, write_snapshot, instants[:count])
            shown = _times(connection, write_live_edge, instants[count:])
    finally:
        engine.dispose()
    edge = summarize([shown])
    return {
        "contracts": sum(len(snapshot.options) for snapshot in instants[0]),
        "snapshot_ms": asdict(summarize([stored])),
        "edge_ms": asdict(edge),
        "edge_share": edge.p50_ms / 1000,
    }


def _times(connection: Connection, write: Write, instants: Sequence[Instant]) -> list[float]:
    times = []
    for instant in instants:
        started = time.perf_counter_ns()
        for snapshot in instant:
            with connection.begin():
                write(connection, snapshot)
        times.append((time.perf_counter_ns() - started) / 1e6)
    return times[_WARMING:]
