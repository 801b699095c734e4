"""All contenders in one run: the same questions, the same rows, ratios to the floor."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.dataset.filled import described
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.peers.contender import Contender
from benchmarks.peers.embedded import embedded
from benchmarks.peers.parquet import write_parquet
from benchmarks.peers.postgres import Toolkit, naive, plain, toolkit
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer
from benchmarks.server.environment import server_facts
from benchmarks.timing import runner
from benchmarks.timing.floor import build_floor
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import replay
from benchmarks.timing.statistics import summarize
from benchmarks.workloads import Workload, chosen
from benchmarks.workloads.equality import first_difference, projected

_REQUESTS = 6


def peers_on(
    servers: Sequence[BenchmarkServer],
    spec: DatasetSpec,
    result: Result,
    *,
    queries: Sequence[str] = (),
    rounds: int = 3,
) -> None:
    """Fill all contenders, then ask all of them; fills `result` as `peers --help` says."""
    plan = runner.Plan(_REQUESTS, rounds, 0.15, seed=spec.seed)
    workloads = [workload for workload in chosen(queries) if workload.after]
    with contenders(servers, spec, result) as found:
        result.data |= {
            "dataset": described(spec),
            "contenders": [
                {"name": contender.name, "size_bytes": contender.size_bytes()}
                for contender in found
            ],
            "queries": [],
        }
        with steps("asking", len(workloads)) as advance:
            for workload in workloads:
                result.data["queries"].append(_asked(found, workload, spec, plan))
                advance(workload.title)


@contextlib.contextmanager
def contenders(
    servers: Sequence[BenchmarkServer], spec: DatasetSpec, result: Result
) -> Iterator[list[Contender]]:
    """Everything that can be asked here; the first is what all others are compared with."""
    with contextlib.ExitStack() as stack:
        legacy, _ = stack.enter_context(plain(servers[0], spec))
        found: list[Contender] = [legacy, stack.enter_context(naive(servers[0], spec))]
        for server in servers:
            found += _editions(stack, server, spec, result)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="oi-bench-")))
        write_parquet(spec, folder)
        found += stack.enter_context(embedded(folder))
        yield found


def _editions(
    stack: contextlib.ExitStack, server: BenchmarkServer, spec: DatasetSpec, result: Result
) -> list[Contender]:
    first = stack.enter_context(toolkit(server, spec, "toolkit"))
    facts = server_facts(first.session)
    result.servers.append(asdict(facts))
    first.name = f"toolkit, {facts.edition}"
    if facts.edition != "community":
        return [first]
    as_rows = toolkit(server, spec, f"{first.name}, no columnstore", columnstore=False)
    return [first, stack.enter_context(as_rows)]


def _asked(
    found: Sequence[Contender], workload: Workload, spec: DatasetSpec, plan: runner.Plan
) -> dict[str, Any]:
    given = workload.parameters(spec, count=_REQUESTS, seed=spec.seed)
    expected = [projected(found[0].rows(workload, one), workload.columns) for one in given]
    differences = {
        contender.name: next(
            (
                difference
                for one, rows in zip(given, expected, strict=True)
                if (
                    difference := first_difference(
                        rows, projected(contender.rows(workload, one), workload.columns)
                    )
                )
            ),
            None,
        )
        for contender in found
    }
    kept = next(contender for contender in found if isinstance(contender, Toolkit))
    floor = build_floor(kept.session, workload.name, kept.requests(workload, given))
    tasks: dict[str, runner.Task] = {c.name: c.ask(workload, given) for c in found}
    tasks["floor"] = replay(kept.session, floor)
    samples = runner.interleave(tasks, plan)
    times = {name: summarize(sample.rounds).p50_ms for name, sample in samples.items()}
    return {
        "name": workload.name,
        "title": workload.title,
        "rows": max(map(len, expected)),
        "ms": {name: times[name] for name in tasks if name != "floor"},
        "floor_ms": times["floor"],
        "floors": {name: times[name] / times["floor"] for name in tasks if name != "floor"},
        "differences": {name: found for name, found in differences.items() if found},
    }
