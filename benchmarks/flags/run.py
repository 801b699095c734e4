"""All flags in one run."""

import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.dataset.filled import described, migrated_database
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.flags.asking import PROBES, probed
from benchmarks.flags.loading import loaded
from benchmarks.flags.watching import started, watched
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.timing.progress import steps

_STARTS = 3


def flags_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    rounds: int,
    seconds: float,
    models: Path,
) -> None:
    """Compare with and without; fills `result` as `flags --help` says."""
    found = result.data["flags"] = []
    with (
        migrated_database(server, spec) as url,
        session(url) as facts,
        tempfile.TemporaryDirectory(prefix="oi-bench-") as home,
        steps("with and without", len(PROBES)) as advance,
    ):
        result.servers.append(asdict(server_facts(facts)))
        result.data["dataset"] = described(spec)
        for each in probed(url, spec, Path(home), rounds):
            found.append(each)
            advance()
        starts = min(_STARTS, rounds)
        found.append(started(url, starts))
        if (of_models := loaded(models, starts)) is not None:
            found.append(of_models)
        # last, as it adds to history
        found.append(watched(url, seconds))
