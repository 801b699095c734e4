"""The comparison of before and after: one history in two databases, warm and, if wanted, cold."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import URL, Engine

from benchmarks.dataset.filled import described, legacy_database, migrated_copy
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.parts import cold
from benchmarks.parts.frames import frames
from benchmarks.parts.questions import REQUESTS, Question, Sides, measured, question
from benchmarks.parts.split import round_trip_ms
from benchmarks.parts.ways import behind_pgbouncer, nothing_asked
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.server.placing import on_one_core, process_of
from benchmarks.server.sizes import columnstore_times
from benchmarks.timing import runner
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import driver_session
from benchmarks.workloads import Workload, chosen


def compare_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    queries: Sequence[str] = (),
    rounds: int = 5,
    cold_rounds: int = 0,
) -> None:
    """Load, copy, upgrade, ask every question of both; fills `result` as `run --help` says.

    Raises BenchmarkError when cold rounds are wanted of a server that must not be restarted.
    """
    local = cold.restartable(server) if cold_rounds else None
    plan = runner.Plan(REQUESTS, rounds, seed=spec.seed)
    with legacy_database(server, spec) as (legacy, loaded):
        started = time.perf_counter()
        with migrated_copy(server, legacy, spec) as migrated:
            result.data |= {
                "dataset": described(spec, loaded),
                "temperature": "warm",
                "upgrade_s": round(time.perf_counter() - started, 2),
                "queries": [],
            }
            questions = _warm(legacy, migrated, chosen(queries), spec, plan, result)
            if local:
                result.data["cold"] = cold.measure(
                    local, legacy, migrated, questions, cold_rounds, result.data["queries"]
                )
                result.data["temperature"] = "warm and cold"


def _warm(
    legacy: URL,
    migrated: URL,
    workloads: Sequence[Workload],
    spec: DatasetSpec,
    plan: runner.Plan,
    result: Result,
) -> list[Question]:
    from db.engine import engine_for

    questions: list[Question] = []
    done: list[dict[str, Any]] = result.data["queries"]
    engine = engine_for(migrated, read_only=True)
    try:
        with (
            session(legacy) as before,
            driver_session(engine) as after,
            behind_pgbouncer(after) as behind,
            steps("measuring", len(workloads)) as advance,
        ):
            both = Sides(before, engine, after, behind)
            result.servers.append(asdict(server_facts(after)))
            placed = [process_of(each) for each in (before, after, _pooled(engine))]
            with on_one_core([*placed, *behind.processes]) as is_one_core:
                result.data["one_core"] = is_one_core
                result.data["nothing"] = nothing_asked(after, engine, behind, plan)
                trip_ms = result.data["round_trip_ms"] = round_trip_ms(after)
                for workload in workloads:
                    questions.append(question(both, workload, spec, seed=spec.seed))
                    done.append(measured(both, questions[-1], plan, spec, trip_ms))
                    advance(workload.title)
            result.data["pooler"] = behind.described()
            result.data["frame"] = frames(both, spec, plan)
            result.data["columnstore_times"] = columnstore_times(after)
    finally:
        engine.dispose()
    return questions


def _pooled(engine: Engine) -> Session:
    """The session that the pool will hand out while nobody holds one."""
    with engine.connect() as connection:
        return connection.connection.driver_connection  # type: ignore[return-value]  # psycopg's
