"""Where the time of a request goes: round trips, planning, executor, rows and wire, Python."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

from benchmarks.plans.explain import server_times
from benchmarks.server.databases import Session
from benchmarks.timing.requests import Request, Statement

_RUNS, _LEAST_RUNS, _BUDGET_MS = 15, 3, 200.0
_ROUND_TRIPS = 200
_NOTHING = Statement("SELECT 1", None)
_KEPT_PLANS = "SELECT coalesce(sum(generic_plans), 0)::bigint FROM pg_prepared_statements"


@dataclass(frozen=True, slots=True)
class Split:
    """Medians in ms, sums over the statements of one request; `kept` of them kept their plan.

    `round_trips_ms` is what as many `SELECT 1` take; `start_ms` the start and the end of the
    executor; `sending_ms` what is left of waiting for the rows: parsing, writing them out, the
    wire; `python_ms` from what the driver received to Python's objects.
    """

    kept: float
    round_trips_ms: float
    planning_ms: float
    start_ms: float
    running_ms: float
    sending_ms: float
    python_ms: float


def round_trip_ms(session: Session) -> float:
    """What a statement takes that does nothing: driver, wire and server; the median."""
    return median(sum(_client_ms(session, _NOTHING)) for _ in range(_ROUND_TRIPS))


def split(session: Session, requests: Sequence[Request], trip_ms: float) -> dict[str, Any]:
    """The split of the requests in turn, as it stands in a result."""
    started = time.perf_counter()
    found: list[Split] = []
    while len(found) < _RUNS:
        spent_ms = (time.perf_counter() - started) * 1000
        if len(found) >= _LEAST_RUNS and spent_ms > _BUDGET_MS:
            break
        parts = [_of(session, one, trip_ms) for one in requests[len(found) % len(requests)]]
        found.append(_joined(sum, parts))
    return {"statements": len(requests[0]), **asdict(_joined(median, found))}


def _joined(join: Callable[[list[float]], float], splits: Sequence[Split]) -> Split:
    return Split(*(join([getattr(one, each.name) for one in splits]) for each in fields(Split)))


def _of(session: Session, statement: Statement, trip_ms: float) -> Split:
    kept_before = _kept_plans(session)
    executing, python = _client_ms(session, statement)
    is_kept = _kept_plans(session) > kept_before
    planning, start, running = server_times(session, statement.text, statement.parameters)
    planning = 0.0 if is_kept else planning
    sending = max(0.0, executing - trip_ms - planning - start - running)
    return Split(is_kept, trip_ms, planning, start, running, sending, python)


def _kept_plans(session: Session) -> int:
    """How often this session ran a plan that it kept."""
    with session.cursor() as cursor:
        [kept] = cursor.execute(_KEPT_PLANS, prepare=False).fetchone() or [0]
    return int(kept)


def _client_ms(session: Session, statement: Statement) -> tuple[float, float]:
    """Until all rows have arrived, and until they are Python's."""
    with session.cursor(binary=statement.binary) as cursor:
        began = time.perf_counter_ns()
        cursor.execute(statement.text, statement.parameters, prepare=statement.prepared)
        arrived = time.perf_counter_ns()
        cursor.fetchall()
        ended = time.perf_counter_ns()
    return (arrived - began) / 1e6, (ended - arrived) / 1e6
