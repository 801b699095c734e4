"""Where the time of a request goes: round trips, planning, executor, rows and wire, Python."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from benchmarks.plans.explain import server_times
from benchmarks.server.databases import Session
from benchmarks.timing.requests import Request, Statement

_RUNS, _LEAST_RUNS, _BUDGET_MS = 15, 3, 200.0
_ROUND_TRIPS = 200
_NOTHING = Statement("SELECT 1", None)


@dataclass(frozen=True, slots=True)
class Split:
    """Medians in ms, sums over the statements of one request.

    `round_trips_ms` is what as many `SELECT 1` take; `start_ms` the start and the end of the
    executor; `sending_ms` what is left of waiting for the rows: parsing, writing them out, the
    wire; `python_ms` from what the driver received to Python's objects.
    """

    round_trips_ms: float
    planning_ms: float
    start_ms: float
    running_ms: float
    sending_ms: float
    python_ms: float


def round_trip_ms(session: Session) -> float:
    """What a statement takes that does nothing: driver, wire and server; the median."""
    return median(sum(_client_ms(session, [_NOTHING])) for _ in range(_ROUND_TRIPS))


def split(session: Session, requests: Sequence[Request], trip_ms: float) -> dict[str, Any]:
    """The split of the requests in turn, as it stands in a result."""
    started = time.perf_counter()
    found: list[Split] = []
    while len(found) < _RUNS:
        spent_ms = (time.perf_counter() - started) * 1000
        if len(found) >= _LEAST_RUNS and spent_ms > _BUDGET_MS:
            break
        found.append(_once(session, requests[len(found) % len(requests)], trip_ms))
    names = [each.name for each in fields(Split)]
    medians = Split(*(median(getattr(one, name) for one in found) for name in names))
    return {"statements": len(requests[0]), **asdict(medians)}


def _once(session: Session, request: Request, trip_ms: float) -> Split:
    executing, python = _client_ms(session, request)
    server = [server_times(session, one.text, one.parameters) for one in request]
    planning, start, running = (sum(part) for part in zip(*server, strict=True))
    trips = trip_ms * len(request)
    sending = max(0.0, executing - trips - planning - start - running)
    return Split(trips, planning, start, running, sending, python)


def _client_ms(session: Session, request: Request) -> tuple[float, float]:
    """Until all rows have arrived, and until they are Python's."""
    executing = fetching = 0
    for statement in request:
        with session.cursor(binary=statement.binary) as cursor:
            began = time.perf_counter_ns()
            cursor.execute(statement.text, statement.parameters, prepare=statement.prepared)
            arrived = time.perf_counter_ns()
            cursor.fetchall()
            executing += arrived - began
            fetching += time.perf_counter_ns() - arrived
    return executing / 1e6, fetching / 1e6
