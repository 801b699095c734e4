"""The same reads on histories that grow a hundredfold: what grows with them, and what does not."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

from benchmarks.dataset.filled import described
from benchmarks.dataset.snapshots import live_snapshots
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.parts.questions import Question, question
from benchmarks.parts.scaled import BUILT_DAYS, ScaledHistory, built
from benchmarks.plans.planned import planned
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer
from benchmarks.server.environment import server_facts
from benchmarks.server.placing import on_one_core, process_of
from benchmarks.server.sizes import chain_rows, database_bytes, number
from benchmarks.timing import runner
from benchmarks.timing.floor import build_floor
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import replay
from benchmarks.timing.statistics import growth_exponent, ratio_interval, summarize
from benchmarks.workloads import Workload, chosen
from benchmarks.workloads.equality import first_difference, projected

_REQUESTS = 6
_WRITTEN = 10
_COMPARED_DAYS = 5
_MAX_GROWTH = 1.1
_ARCHIVED_ROWS = "SELECT approximate_row_count('archive.option_chain_snapshots')"


def scale_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    sizes: Sequence[int],
    queries: Sequence[str] = (),
    rounds: int = 5,
) -> None:
    """Measure at each size, smallest first; fills `result` as `scale --help` says."""
    specs = [spec.sized(rows) for rows in sorted(set(sizes))]
    wanted = [workload for workload in chosen(queries) if workload.after]
    # the same days are asked for at every size, so that answers have equal numbers of rows
    asked = replace(spec, days=min(_COMPARED_DAYS, specs[0].days))
    plan = runner.Plan(_REQUESTS, rounds, 0.1, seed=spec.seed)
    instants = list(live_snapshots(specs[0], _WRITTEN * len(specs)))
    result.data |= {"dataset": described(spec), "sizes": [], "too_large": []}
    with ExitStack() as stack, steps("sizes", len(specs)) as advance:
        histories = _Histories(server, stack)
        for position, sized in enumerate(specs):
            try:
                smallest, this = histories.reach(sized)
            except BenchmarkError as error:
                if not result.data["sizes"]:
                    raise
                result.data["too_large"].append({"rows": sized.rows, "reason": str(error)})
                continue
            written = instants[: position * _WRITTEN]
            this.write(written)
            result.servers[:] = [asdict(server_facts(this.after))]
            facts = {
                **_size(this, sized),
                "queries": [_query(smallest, this, workload, asked, plan) for workload in wanted],
                **_writes(
                    smallest, this, instants[len(written) : len(written) + _WRITTEN], spec.seed
                ),
            }
            result.data["sizes"].append(facts)
            result.data["growth"] = growth(result.data["sizes"])
            advance(f"{sized.rows:,} rows")


class _Histories:
    """The smallest history, kept to be asked beside each larger one, and that larger one."""

    def __init__(self, server: BenchmarkServer, stack: ExitStack) -> None:
        self._server, self._stack = server, stack
        self._smallest: ScaledHistory | None = None
        self._current: ScaledHistory | None = None
        self._opened = stack.enter_context(ExitStack())

    def reach(self, spec: DatasetSpec) -> tuple[ScaledHistory, ScaledHistory]:
        """The smallest history and one of this size: grown where that is faithful, else new."""
        if self._smallest is None:
            self._smallest = self._stack.enter_context(built(self._server, spec))
            self._smallest.grow_to(spec.days)
            return self._smallest, self._smallest
        if self._current is None or not self._current.can_grow:
            self._opened.close()
            self._current = self._opened.enter_context(built(self._server, spec))
        self._current.grow_to(spec.days)
        return self._smallest, self._current


def growth(sizes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By query: how its time and buffers grow from the smallest to the largest history.

    `times` compares times taken in turn on both, so that the machine's drift does not count.
    """
    first, last = sizes[0], sizes[-1]
    rows = [size["rows"] for size in sizes]
    grown = []
    for position, query in enumerate(first["queries"]):
        measured = [size["queries"][position] for size in sizes]
        newest = last["queries"][position]
        grown.append(
            {
                "name": query["name"],
                "title": query["title"],
                "times": newest["times"],
                "times_95": newest["times_95"],
                "met": newest["times"] <= _MAX_GROWTH,
                "buffers": newest["buffers"] / max(1, query["buffers"]),
                "planning": newest["planning_ms"] / query["planning_ms"],
                "exponent": growth_exponent(rows, [one["times"] for one in measured])
                if len(sizes) > 1
                else None,
            }
        )
    return grown


def _size(history: ScaledHistory, spec: DatasetSpec) -> dict[str, Any]:
    archived = number(history.after, _ARCHIVED_ROWS)
    return {
        "rows": history.rows,
        "hot_rows": chain_rows(history.after),
        "archived_rows": archived,
        "days": spec.days,
        "built_days": min(spec.days, BUILT_DAYS),
        "load_rows_per_s": history.load_rows_per_s,
        "grown_rows_per_s": history.grown_rows_per_s,
        "size_bytes": database_bytes(history.after),
    }


def _query(
    smallest: ScaledHistory,
    this: ScaledHistory,
    workload: Workload,
    spec: DatasetSpec,
    plan: runner.Plan,
) -> dict[str, Any]:
    asked = question(this.sides, workload, spec, seed=spec.seed)
    floor = build_floor(this.after, workload.name, asked.after)
    tasks: dict[str, runner.Task] = {
        "smallest": replay(smallest.after, asked.after),
        "this": replay(this.after, asked.after),
        "floor": replay(this.after, floor),
    }
    with on_one_core([process_of(each.after) for each in (smallest, this)]):
        timed = runner.interleave(tasks, plan)
    samples = {name: sample.rounds for name, sample in timed.items()}
    ms = {name: summarize(rounds).p50_ms for name, rounds in samples.items()}
    found = planned(this.after, asked.after)
    is_smallest = smallest is this
    return {
        "name": workload.name,
        "title": workload.title,
        "ms": ms["this"],
        "smallest_ms": ms["smallest"],
        "times": 1.0 if is_smallest else ms["this"] / ms["smallest"],
        "times_95": [1.0, 1.0]
        if is_smallest
        else ratio_interval(samples["this"], samples["smallest"], seed=spec.seed),
        "floor_ms": ms["floor"],
        "floors": ms["this"] / ms["floor"],
        "rows": asked.rows,
        "same_rows": _same_rows(smallest, this, asked),
        "buffers": found.figures.buffers,
        "planning_buffers": found.figures.planning_buffers,
        "planning_ms": found.figures.planning_ms,
        "chunks": found.figures.chunks,
        "fingerprint": found.fingerprint,
        "shape": found.shape,
    }


def _same_rows(smallest: ScaledHistory, this: ScaledHistory, asked: Question) -> bool:
    columns = asked.workload.columns
    return all(
        first_difference(
            projected(smallest.read(asked.workload, given), columns),
            projected(this.read(asked.workload, given), columns),
        )
        is None
        for given in asked.parameters
    )


def _writes(
    smallest: ScaledHistory, this: ScaledHistory, instants: Sequence[Any], seed: int
) -> dict[str, Any]:
    """What a snapshot and a refresh cost here and, in turn, on the smallest; medians in ms."""
    histories = {"this": this} if smallest is this else {"smallest": smallest, "this": this}
    writes: dict[str, list[float]] = {name: [] for name in histories}
    refreshes: dict[str, list[float]] = {name: [] for name in histories}
    for turn, instant in enumerate(instants):
        for name in sorted(histories, reverse=bool(turn % 2)):
            started = time.perf_counter_ns()
            histories[name].write([instant])
            written = time.perf_counter_ns()
            histories[name].refresh(instant)
            writes[name].append((written - started) / 1e6)
            refreshes[name].append((time.perf_counter_ns() - written) / 1e6)
    return {
        key: summarize([samples[name]]).p50_ms
        for key, samples, name in (
            ("snapshot_ms", writes, "this"),
            ("refresh_ms", refreshes, "this"),
            ("smallest_snapshot_ms", writes, min(histories)),
            ("smallest_refresh_ms", refreshes, min(histories)),
        )
    }
