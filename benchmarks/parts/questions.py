"""Every question asked of the legacy tables and of the migrated database, side by side."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.parts import ways
from benchmarks.parts.split import split
from benchmarks.plans.names import COMPRESSED_CHUNK
from benchmarks.plans.planned import Planned, planned
from benchmarks.server.databases import Session
from benchmarks.targets import Target
from benchmarks.timing import runner
from benchmarks.timing.floor import build_floor
from benchmarks.timing.requests import Request, Statement, captured, replay, unprepared
from benchmarks.timing.statistics import ratio_interval, summarize
from benchmarks.workloads import Workload
from benchmarks.workloads.equality import first_difference, named, projected
from benchmarks.workloads.parameters import Parameters

REQUESTS = 6


@dataclass(frozen=True, slots=True)
class Sides:
    """The two databases of a comparison: a session on the legacy one, the migrated one's engine.

    `behind` is the migrated one behind a pooler, where that is asked too.
    """

    before: Session
    engine: Engine
    after: Session
    behind: ways.Behind = field(default_factory=ways.Behind)


@dataclass(frozen=True, slots=True)
class Question:
    """One workload made concrete: the requests of each side, and whether the answers agree."""

    workload: Workload
    parameters: Sequence[Parameters]
    before: Sequence[Request]
    after: Sequence[Request]
    rows: int
    difference: str | None


def question(both: Sides, workload: Workload, spec: DatasetSpec, *, seed: int) -> Question:
    """Draw parameters, take down what each side sends, and compare all their rows."""
    given = workload.parameters(spec, count=REQUESTS, seed=seed)
    before: list[Request] = [_legacy(workload, one) for one in given]
    after, differences, rows = [], [], 0
    for one, request in zip(given, before, strict=True):
        sent, found = _after(both, workload, one)
        after.append(sent)
        expected = projected(_rows(both.before, request), workload.columns)
        rows = max(rows, len(expected))
        differences.append(first_difference(expected, projected(found, workload.columns)))
    difference = next((text for text in differences if text), None)
    return Question(workload, given, before, after, rows, difference)


def measured(
    both: Sides, asked: Question, plan: runner.Plan, spec: DatasetSpec, trip_ms: float
) -> dict[str, Any]:
    """Times, plans and ratios of one question, as documented by `run --help`."""
    floor = build_floor(both.after, asked.workload.name, asked.after)
    tasks: dict[str, runner.Task] = {
        "before": replay(both.before, asked.before),
        "after": replay(both.after, asked.after),
        "floor": replay(both.after, floor),
    }
    others: dict[str, runner.Task] = {}
    if asked.workload.after:
        tasks["call"] = ways.call(both.engine, asked.workload.after, asked.parameters)
        tasks["unprepared"] = replay(both.after, [unprepared(one) for one in asked.after])
        others = both.behind.calls(asked.workload.after, asked.parameters)
    samples = ways.interleave(tasks, both.behind, others, plan)
    rounds = {name: sample.rounds for name, sample in samples.items()}
    times = {name: summarize(sample) for name, sample in rounds.items()}
    before_ms, after_ms, floor_ms = (times[name].p50_ms for name in ("before", "after", "floor"))
    plans = {
        "before": planned(both.before, asked.before),
        "after": planned(both.after, asked.after),
    }
    return {
        **_identity(asked),
        "before_ms": before_ms,
        "after_ms": after_ms,
        "floor_ms": floor_ms,
        **ways.figures(times),
        "speedup": before_ms / after_ms,
        "speedup_95": ratio_interval(rounds["before"], rounds["after"], seed=spec.seed),
        "floors": after_ms / floor_ms,
        "target": _judged(
            asked.workload.target,
            before_ms / after_ms,
            after_ms / floor_ms,
            rows=spec.rows,
            columnstore_ms=after_ms if _reads_columnstore(plans["after"]) else None,
        ),
        "split": {
            "before": split(both.before, asked.before, trip_ms),
            "after": split(both.after, asked.after, trip_ms),
            "floor": split(both.after, floor, trip_ms),
        },
        "first_ms": ways.first_ms(both.after, asked.after) if asked.workload.after else None,
        "times": {name: asdict(summary) for name, summary in times.items()},
        "plans": {name: asdict(plan) for name, plan in plans.items()},
    }


def _identity(asked: Question) -> dict[str, Any]:
    return {
        "name": asked.workload.name,
        "title": asked.workload.title,
        "group": asked.workload.group,
        "rows": asked.rows,
        "same_rows": asked.difference is None,
        "difference": asked.difference,
    }


def _judged(
    wanted: Target, speedup: float, floors: float, *, rows: int, columnstore_ms: float | None
) -> dict[str, Any]:
    """What is asked, and whether it is met; None on a history too short to tell."""
    if wanted.columnstore_ms is not None and columnstore_ms is not None:
        most = wanted.columnstore_ms
        asked: dict[str, Any] = {"speedup": None, "floors": None, "columnstore_ms": most}
        return asked | {"met": columnstore_ms < most}
    return {
        "speedup": wanted.speedup,
        "floors": wanted.floors,
        "columnstore_ms": None,
        "met": wanted.is_met(speedup, floors, rows),
    }


def _reads_columnstore(plan: Planned) -> bool:
    return any(COMPRESSED_CHUNK in line for lines in plan.shape for line in lines)


def _after(both: Sides, workload: Workload, given: Parameters) -> tuple[Request, Sequence[Any]]:
    if workload.after is None:
        request = _legacy(workload, given)
        return request, _rows(both.after, request)
    return captured(both.engine, partial(_bound, workload.after, given))


def _legacy(workload: Workload, given: Parameters) -> Request:
    """The legacy SQL; the legacy program itself prepares nothing."""
    return [Statement(workload.before, given, prepared=workload.after is not None)]


def _bound(
    read: Callable[[Connection, Parameters], Sequence[Any]],
    given: Parameters,
    connection: Connection,
) -> Sequence[Any]:
    return read(connection, given)


def _rows(session: Session, request: Request) -> Sequence[Any]:
    with session.cursor() as cursor:
        for statement in request:
            cursor.execute(statement.text, statement.parameters)
        columns = [column.name for column in cursor.description or ()]
        return named(cursor.fetchall(), columns)
