"""What Prometheus reads: counters, histograms and gauges of a process, or of a server's workers.

Workers of one server share a folder: it is wiped when the server starts, before any worker counts,
and what a worker that is gone had as its present state is taken out.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from app.telemetry.timing import Kind, Operation
from db.once import once

if TYPE_CHECKING:
    from prometheus_client import Counter

    from app.telemetry.histogram import BatchHistogram

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_PRIVATE = 0o700
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1),
    *(0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)

_OPERATIONS: Mapping[Kind, tuple[str, str, str]] = {
    "step": ("oi_step", "step", "Steps of start-up and of the collector's work"),
    "route": ("oi_request", "route", "Requests to the first byte of their answer"),
    "query": ("oi_statement", "statement", "Statements by name"),
    "pool": ("oi_pool_wait", "pool", "Waits for a database connection"),
    "socket": ("oi_socket", "stage", "WebSocket links: established, updates sent"),
    "age": ("oi_age", "of", "How old feeds, chains and rollups were when looked at"),
}
_SIZES: Mapping[Kind, tuple[str, str]] = {
    "step": ("oi_step_rows", "Rows of steps"),
    "route": ("oi_response_bytes", "Bytes of answers"),
    "query": ("oi_statement_rows", "Rows of statements"),
}
_Mode = Literal["livesum", "livemostrecent"]
_GAUGES: Mapping[str, tuple[str, tuple[str, ...], _Mode]] = {
    "oi_pool_connections": ("Connections of the pools", ("pool", "state"), "livesum"),
    "oi_viewers": ("Pages with a WebSocket", (), "livesum"),
    "oi_viewers_unsent_bytes": ("Bytes that viewers have yet to take", (), "livesum"),
    "oi_cache_hits": ("Answers from a cache", ("cache",), "livesum"),
    "oi_cache_misses": ("Answers that had to be made", ("cache",), "livesum"),
    "oi_cache_stale": ("Old answers given while a newer one was made", ("cache",), "livesum"),
    "oi_cache_entries": ("Entries of a cache", ("cache",), "livesum"),
    "oi_cache_bytes": ("Bytes of a cache", ("cache",), "livesum"),
    "oi_feed_age_seconds": ("How long a feed has said nothing", ("exchange",), "livemostrecent"),
    "oi_objective_burn": (
        *("Share of the error budget's pace that is used up", ("objective", "window")),
        "livemostrecent",
    ),
    "oi_objective_burning": ("Whether an objective burns", ("objective",), "livemostrecent"),
    "oi_operations_lost": ("Operations that were not counted", (), "livesum"),
    "oi_samples_waiting": ("Samples that wait for the database", (), "livesum"),
}


class Reading(NamedTuple):
    """A gauge's value with the values of its labels."""

    gauge: str
    value: float
    labels: tuple[str, ...] = ()


def prepare(folder: Path) -> None:
    """Let the workers that are forked from now on share a folder within this one, wiped here.

    To be called before anything of prometheus_client is loaded: it looks at the environment then.
    """
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    own = _nobodys(folder)
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(mode=_PRIVATE)
    os.environ[_FOLDER] = str(own)


def _nobodys(folder: Path) -> Path:
    """One that no living server has: two in containers may share a folder, a port and process ids.

    It is held until this process and all forked from it are gone, however they end.
    """
    number = 0
    while True:
        number += 1
        handle = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            return folder / str(number)


def forget(process: int) -> None:
    """Take out the present state of a worker that is gone; what it counted stays counted."""
    if _FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(process)  # type: ignore[no-untyped-call]


def count(operations: Sequence[Operation]) -> None:
    """Take operations of one kind and name into this process's metrics."""
    seconds, failures, sizes = _metrics().children(operations[0].kind, operations[0].name)
    seconds.observe_all([each.duration_s for each in operations])
    failed = sum(each.failed for each in operations)
    if failed:
        failures.inc(failed)
    size = sum(each.size or 0 for each in operations)
    if size and sizes is not None:
        sizes.inc(size)


def show(readings: Iterable[Reading]) -> None:
    """Set gauges."""
    known = _metrics()
    for gauge, value, labels in readings:
        metric = known.gauges[gauge]
        (metric.labels(*labels) if labels else metric).set(value)


def exposition() -> bytes:
    """Everything as Prometheus reads it; of all workers where they share a folder."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = _metrics().registry
    if _FOLDER in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def names() -> frozenset[str]:
    """The names of all series that are exported."""
    found = set(_GAUGES)
    for prefix, _, _ in _OPERATIONS.values():
        found |= {f"{prefix}_seconds_{part}" for part in ("bucket", "sum", "count")}
        found.add(f"{prefix}_failures_total")
    return frozenset(found | {f"{name}_total" for name, _ in _SIZES.values()})


class _Metrics:
    """One process's own; series are looked up once."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge

        from app.telemetry import shared_values
        from app.telemetry.histogram import BatchHistogram

        shared_values.use()
        self.registry: CollectorRegistry = CollectorRegistry()
        self.seconds: dict[Kind, BatchHistogram] = {}
        self.failures: dict[Kind, Counter] = {}
        self.sizes: dict[Kind, Counter] = {}
        self._children: dict[tuple[Kind, str], tuple[BatchHistogram, Counter, Counter | None]] = {}
        given: Any = {"registry": self.registry}
        for kind, (prefix, label, about) in _OPERATIONS.items():
            of = [label]
            self.seconds[kind] = BatchHistogram(
                f"{prefix}_seconds", f"{about}, in seconds", of, buckets=BUCKETS_S, **given
            )
            self.failures[kind] = Counter(f"{prefix}_failures", f"{about} that failed", of, **given)
        for kind, (name, about) in _SIZES.items():
            self.sizes[kind] = Counter(name, about, [_OPERATIONS[kind][1]], **given)
        self.gauges: dict[str, Gauge] = {
            name: Gauge(name, about, labels, multiprocess_mode=mode, **given)
            for name, (about, labels, mode) in _GAUGES.items()
        }

    def children(self, kind: Kind, name: str) -> "tuple[BatchHistogram, Counter, Counter | None]":
        found = self._children.get((kind, name))
        if found is None:
            sizes = self.sizes.get(kind)
            found = self._children[kind, name] = (
                self.seconds[kind].labels(name),
                self.failures[kind].labels(name),
                None if sizes is None else sizes.labels(name),
            )
        return found


@once
def _metrics() -> _Metrics:
    return _Metrics()
