"""The same reads on histories that grow a hundredfold: what grows with them, and what does not."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import URL, Engine

from benchmarks import runner
from benchmarks.before_after import Sides, question
from benchmarks.databases import BenchmarkServer, session
from benchmarks.dataset.load import load_day
from benchmarks.dataset.snapshots import live_snapshots
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.environment import server_facts
from benchmarks.floor import build_floor
from benchmarks.history import BASELINE, described, settle
from benchmarks.measure import planned
from benchmarks.progress import steps
from benchmarks.refreshing import refresh_around, rollup_names
from benchmarks.requests import driver_session, replay
from benchmarks.results import Result
from benchmarks.statistics import growth_exponent, summarize
from benchmarks.watching import chain_rows, database_bytes
from benchmarks.workloads import Workload, chosen
from db.clock import to_naive_ist

_WRITTEN = 10
_COMPARED_DAYS = 5


def scale_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    sizes: Sequence[int],
    queries: Sequence[str] = (),
    rounds: int = 3,
) -> None:
    """Measure at each size, smallest first; fills `result` as `scale --help` says."""
    from db.engine import engine_for

    result.data |= {"dataset": described(spec), "sizes": []}
    # the same days are asked for at every size, so that answers have equal numbers of rows
    asked = replace(spec, days=min(_COMPARED_DAYS, spec.sized(min(sizes)).days))
    plan = runner.Plan(6, rounds, 0.15, seed=spec.seed)
    for rows in sorted(sizes):
        sized = spec.sized(rows)
        with server.database("scale") as url:
            load_s = _fill(url, sized)
            engine = engine_for(url)
            with driver_session(engine) as after, session(url) as plain:
                result.servers[:] = [asdict(server_facts(after))]
                facts = {
                    "rows": chain_rows(plain),
                    "days": sized.days,
                    "load_rows_per_s": round(sized.rows / load_s),
                    "size_bytes": database_bytes(plain),
                    "queries": _queries(Sides(plain, engine, after), chosen(queries), asked, plan),
                    **_writes(engine, sized),
                }
            engine.dispose()
        result.data["sizes"].append(facts)
    result.data["growth"] = growth(result.data["sizes"])


def growth(sizes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By query: how its time and buffers grow from the smallest to the largest history.

    `times` is the ratio of floors, which drift of the machine between sizes does not move.
    """
    first, last = sizes[0], sizes[-1]
    grown = []
    for position, query in enumerate(first["queries"]):
        measured = [size["queries"][position] for size in sizes]
        rows = [size["rows"] for size in sizes]
        newest = last["queries"][position]
        grown.append(
            {
                "name": query["name"],
                "title": query["title"],
                "times": newest["floors"] / query["floors"],
                "buffers": newest["buffers"] / max(1, query["buffers"]),
                "exponent": growth_exponent(rows, [one["floors"] for one in measured])
                if len(sizes) > 1
                else None,
            }
        )
    return grown


def _fill(url: URL, spec: DatasetSpec) -> float:
    """Fill a history at baseline and upgrade it; seconds of the load alone."""
    from db import migrate

    migrate.upgrade(url, BASELINE)
    started = time.perf_counter()
    with session(url) as loading, steps(f"loading {spec.rows:,} rows", spec.days) as advance:
        for day in spec.trading_days:
            load_day(loading, spec, day)
            advance()
        loading.execute("VACUUM (ANALYZE)")
    load_s = time.perf_counter() - started
    migrate.upgrade(url, "head")
    settle(url, spec)
    return load_s


def _queries(
    both: Sides, workloads: Sequence[Workload], spec: DatasetSpec, plan: runner.Plan
) -> list[dict[str, Any]]:
    done = []
    for workload in workloads:
        if workload.after is None:
            continue
        asked = question(both, workload, spec, seed=spec.seed)
        floor = build_floor(both.after, workload.name, asked.after)
        tasks: dict[str, runner.Task] = {
            "after": replay(both.after, asked.after),
            "floor": replay(both.after, floor),
        }
        samples = runner.interleave(tasks, plan)
        after, floored = (summarize(samples[side].rounds).p50_ms for side in ("after", "floor"))
        figures = planned(both.after, asked.after).figures
        done.append(
            {
                "name": workload.name,
                "title": workload.title,
                "ms": after,
                "floor_ms": floored,
                "floors": after / floored,
                "rows": asked.rows,
                "same_rows": asked.difference is None,
                "buffers": figures.buffers,
                "planning_ms": figures.planning_ms,
                "chunks": figures.chunks,
            }
        )
    return done


def _writes(engine: Engine, spec: DatasetSpec) -> dict[str, float]:
    """What a snapshot and a refresh cost on a history of this size, medians in ms."""
    from db.ingest import write_snapshot

    names = rollup_names(engine)
    writes, refreshes = [], []
    with engine.connect() as opened:
        refreshing = opened.execution_options(isolation_level="AUTOCOMMIT")
        for instant in live_snapshots(spec, _WRITTEN):
            started = time.perf_counter_ns()
            for snapshot in instant:
                with engine.begin() as connection:
                    write_snapshot(connection, snapshot)
            written = time.perf_counter_ns()
            refresh_around(refreshing, names, to_naive_ist(instant[0].timestamp))
            writes.append((written - started) / 1e6)
            refreshes.append((time.perf_counter_ns() - written) / 1e6)
    return {
        "snapshot_ms": summarize([writes]).p50_ms,
        "refresh_ms": summarize([refreshes]).p50_ms,
    }
