"""One revision at a time: what it costs to run, and what it does to every query."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from benchmarks.dataset.filled import described, legacy_database, settle
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.parts.questions import Question, Sides, question
from benchmarks.plans.planned import planned
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.server.sizes import chain_rows, database_bytes, wal_position
from benchmarks.timing import runner
from benchmarks.timing.floor import build_floor
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import Request, Statement, driver_session, replay
from benchmarks.timing.statistics import summarize
from benchmarks.traffic.probes import probing
from benchmarks.workloads import Workload, chosen

_SLOWER_FACTOR, _SLOWER_MS = 1.3, 0.1
# there are two dozen revisions: enough repeats of what is fast, one of what is slow
_BUDGET_S = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """What one migration cost. WAL is the server's, so nothing else should be writing to it."""

    duration_s: float
    longest_block_ms: float
    statements_probed: int
    errors: Sequence[str]
    wal_bytes: int
    size_bytes: int
    size_change_bytes: int


def walk_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    queries: Sequence[str] = (),
    rounds: int = 3,
) -> None:
    """Walk from baseline to head and back; fills `result` as `walk --help` says."""
    from db import migrate

    with legacy_database(server, spec) as (url, loaded), session(url) as facts:
        result.servers.append(asdict(server_facts(facts)))
        rows = chain_rows(facts)
        steps_up = migrate.revisions()
        walk = _Walk(url, spec, chosen(queries), runner.Plan(4, rounds, _BUDGET_S, seed=spec.seed))
        result.data |= {"dataset": described(spec, loaded), "revisions": [], "downgrades": []}
        with steps("walking", 2 * len(steps_up) - 1) as advance:
            result.data["revisions"].append(walk.measured(steps_up[0], None))
            advance()
            for revision in steps_up[1:]:
                cost = _cost(facts, url, partial(migrate.upgrade, url, revision))
                result.data["revisions"].append(walk.measured(revision, cost))
                advance(f"up to {revision}")
            for revision in reversed(steps_up[:-1]):
                cost = _cost(facts, url, partial(migrate.downgrade, url, revision))
                result.data["downgrades"].append({"revision": revision, "cost": asdict(cost)})
                advance(f"down to {revision}")
        result.data["rows_lost"] = rows - chain_rows(facts)
    result.data["slower"] = list(slower(result.data["revisions"]))


class _Walk:
    """Measures all workloads at whatever revision the database is at."""

    def __init__(
        self, url: URL, spec: DatasetSpec, workloads: Sequence[Workload], plan: runner.Plan
    ) -> None:
        self._url, self._spec, self._workloads, self._plan = url, spec, workloads, plan
        self._reference: list[Request] | None = None

    def measured(self, revision: str, cost: Cost | None) -> dict[str, Any]:
        """Every workload's time, plan and how the question was asked."""
        from db.engine import engine_for

        settle(self._url, self._spec)
        engine = engine_for(self._url, read_only=True)
        try:
            with session(self._url) as before, driver_session(engine) as after:
                both = Sides(before, engine, after)
                queries = [self._query(both, workload) for workload in self._workloads]
        finally:
            engine.dispose()
        return {"revision": revision, "cost": asdict(cost) if cost else None, "queries": queries}

    def _query(self, both: Sides, workload: Workload) -> dict[str, Any]:
        asked = _askable(both, workload, self._spec)
        reads = asked is not None and asked.difference is None and workload.after is not None
        legacy = self._legacy(workload) if asked is None else asked.before
        requests = asked.after if asked is not None and reads else legacy
        current = both.after if reads else both.before
        reference = self._reference_requests(both.before)
        tasks: Mapping[str, runner.Task] = {
            "current": replay(current, requests),
            "legacy": replay(both.before, legacy),
            "reference": replay(both.before, reference),
        }
        samples = runner.interleave(tasks, self._plan)
        times = {name: summarize(sample.rounds).p50_ms for name, sample in samples.items()}
        plan = planned(current, requests)
        return {
            "name": workload.name,
            "title": workload.title,
            "asked_by": "read" if reads else "legacy SQL",
            "ms": times["current"],
            "legacy_ms": times["legacy"],
            "reference_ms": times["reference"],
            "relative": times["current"] / times["reference"],
            "fingerprint": plan.fingerprint,
            "shape": plan.shape,
            **asdict(plan.figures),
        }

    def _legacy(self, workload: Workload) -> list[Request]:
        given = workload.parameters(self._spec, count=6, seed=self._spec.seed)
        return [[Statement(workload.before, one)] for one in given]

    def _reference_requests(self, before: Session) -> list[Request]:
        """Key lookups that no revision touches: what the machine is worth at this moment."""
        if self._reference is None:
            self._reference = build_floor(
                before, "reference", self._legacy(chosen(["latest_chain"])[0])
            )
        return self._reference


def slower(measured: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The queries that a revision made slower than they were at the one before.

    Judged on the ratio to the reference measured beside it, beyond what two measurements minutes
    apart differ by.
    """
    for older, newer in pairwise(measured):
        known = {query["name"]: query for query in older["queries"]}
        for query in newer["queries"]:
            was = known[query["name"]]
            if (
                query["relative"] > was["relative"] * _SLOWER_FACTOR
                and query["ms"] > was["ms"] + _SLOWER_MS
            ):
                yield {
                    "revision": newer["revision"],
                    "name": query["name"],
                    "was_ms": was["ms"],
                    "ms": query["ms"],
                    "factor": query["relative"] / was["relative"],
                }


def _askable(both: Sides, workload: Workload, spec: DatasetSpec) -> Question | None:
    """The workload by the application's read, or None where its tables are not there yet."""
    try:
        return question(both, workload, spec, seed=spec.seed)
    except DBAPIError:
        return None


def _cost(watching: Session, url: URL, migrate: Callable[[], None]) -> Cost:
    wal, size = wal_position(watching), database_bytes(watching)
    started = time.perf_counter()
    with probing(url) as probes:
        migrate()
    duration_s = time.perf_counter() - started
    grown = database_bytes(watching)
    return Cost(
        duration_s=round(duration_s, 3),
        longest_block_ms=round(probes.longest_ms, 1),
        statements_probed=len(probes.reader.waits_ms) + len(probes.writer.waits_ms),
        errors=probes.errors,
        wal_bytes=wal_position(watching) - wal,
        size_bytes=grown,
        size_change_bytes=grown - size,
    )
