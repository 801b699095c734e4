"""How many people one machine serves: users in steps, for each number of workers."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from benchmarks.dataset.filled import described, migrated_database
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.server.sizes import number
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import percentile
from benchmarks.web.serving import Site, collecting, serving

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_DATA = "GET /api/data"
_CONNECTIONS = """
    SELECT count(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'oi-gemini%'
"""


def load_on(
    server: BenchmarkServer,
    spec: DatasetSpec,
    result: Result,
    *,
    users: Sequence[int],
    workers: Sequence[int],
    seconds: int,
    objective_ms: float,
) -> None:
    """Climb the steps for each number of workers; fills `result` as `load --help` says."""
    with (
        migrated_database(server, spec) as url,
        session(url) as watching,
        steps("users at the dashboard", len(users) * len(workers)) as advance,
    ):
        result.servers.append(asdict(server_facts(watching)))
        result.data |= {
            "dataset": described(spec),
            "objective_ms": objective_ms,
            "seconds": seconds,
            "steps": [],
        }
        for count in workers:
            for climbed in _climbed(url, watching, count, users, seconds):
                result.data["steps"].append(climbed)
                advance(f"{count} workers, {climbed['users']} users")
        result.data["capacity"] = capacity(result.data["steps"], objective_ms)


def capacity(climbed: Sequence[Mapping[str, Any]], objective_ms: float) -> list[dict[str, Any]]:
    """By number of workers: the most users before p99 leaves the objective or requests fail."""
    found = []
    for workers in dict.fromkeys(step["workers"] for step in climbed):
        good: Mapping[str, Any] | None = None
        for step in (step for step in climbed if step["workers"] == workers):
            if step["failures"] or step["p99_ms"] > objective_ms:
                break
            good = step
        found.append(
            {
                "workers": workers,
                "users": good["users"] if good else 0,
                "requests_per_s": good["requests_per_s"] if good else 0.0,
            }
        )
    return found


def _climbed(
    url: URL, watching: Session, workers: int, users: Sequence[int], seconds: int
) -> list[dict[str, Any]]:
    with collecting(url), serving(url, workers=workers) as site:
        return [
            {"workers": workers, "users": count, **_step(site, watching, count, seconds)}
            for count in users
        ]


def _step(site: Site, watching: Session, users: int, seconds: int) -> dict[str, Any]:
    """One crowd of users, and what the server held while they were there."""
    with _users(site, users, seconds) as crowd:
        held = _Held()
        while crowd.poll() is None:
            held.look(site, watching)
            time.sleep(0.5)
        written, _ = crowd.communicate()
    if crowd.returncode:
        raise BenchmarkError("The users did not start; is requirements-bench.lock installed?")
    return _figures(json.loads(written)) | asdict(held)


@dataclass(slots=True)
class _Held:
    """The most a server held during a step."""

    memory_bytes: int = 0
    connections: int = 0

    def look(self, site: Site, watching: Session) -> None:
        """Look once."""
        self.memory_bytes = max(self.memory_bytes, _memory_bytes(site.process))
        self.connections = max(self.connections, number(watching, _CONNECTIONS))


@contextlib.contextmanager
def _users(site: Site, users: int, seconds: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - fixed program
        [sys.executable, str(_LOCUSTFILE), site.url, str(users), str(seconds)],
        env=os.environ | {"OI_BENCH_PASSWORD": site.password},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _figures(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    by_name = {row["name"]: row for row in rows}
    data = by_name.get(_DATA)
    if data is None:
        raise BenchmarkError("No user got as far as asking for data.")
    times = _expanded(data["response_times"])
    pushes = sum(row["num_requests"] for name, row in by_name.items() if name.startswith("push"))
    return {
        "requests": data["num_requests"],
        "requests_per_s": data["num_requests"] / data["seconds"],
        "pushes": pushes,
        "failures": sum(row["num_failures"] for row in rows),
        "p50_ms": percentile(times, 0.50),
        "p95_ms": percentile(times, 0.95),
        "p99_ms": percentile(times, 0.99),
    }


def _expanded(counted: Mapping[str, int]) -> list[float]:
    return sorted(float(ms) for ms, count in counted.items() for _ in range(count))


def _memory_bytes(process: int) -> int:
    """Resident memory of a server and its workers."""
    import psutil  # type: ignore[import-untyped]  # published without types

    try:
        parent = psutil.Process(process)
        family = [parent, *parent.children(recursive=True)]
        return sum(member.memory_info().rss for member in family)
    except psutil.NoSuchProcess:
        return 0
