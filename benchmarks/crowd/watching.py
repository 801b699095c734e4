"""From a commit of the collector to every page that follows the chain."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from benchmarks.errors import BenchmarkError
from benchmarks.timing.statistics import percentile
from benchmarks.timing.waiting import beside
from benchmarks.web.serving import Site
from db import links
from db.market.exchanges import EXCHANGES

_PROGRAM = Path(__file__).with_name("viewers.py")
_HEAR_S = 0.5
_CHANNEL = "oi_live"


@dataclass
class Crowd:
    """Viewers in a program of their own, which says at the end what came to them."""

    process: "subprocess.Popen[str]"
    came: dict[str, Any] = field(default_factory=dict)

    def end(self) -> None:
        """Let them go, and take down what they say."""
        written, _ = self.process.communicate("end\n")
        if self.process.returncode:
            raise BenchmarkError("The viewers did not stay to the end.")
        self.came = json.loads(written)


@contextmanager
def crowd(site: Site, cookies: Sequence[str], viewers: int, *, keeps: bool) -> Iterator[Crowd]:
    """So many viewers, spread over all chains, until the block ends; `keeps` what is timed."""
    told = {"url": site.url, "cookies": cookies, "exchanges": list(EXCHANGES)}
    with subprocess.Popen(  # noqa: S603 - fixed program
        [sys.executable, str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        found = Crowd(process)
        try:
            assert process.stdin is not None  # noqa: S101 - piped
            assert process.stdout is not None  # noqa: S101 - piped
            process.stdin.write(json.dumps({**told, "viewers": viewers, "keeps": keeps}) + "\n")
            process.stdin.flush()
            if process.stdout.readline() != "ready\n":
                raise BenchmarkError("The server took fewer viewers than there were.")
            yield found
            found.end()
        finally:
            process.kill()


@contextmanager
def commits_heard(url: URL) -> Iterator[dict[str, float]]:
    """When each chain was announced, which its commit does: exchange:sequence → monotonic time."""
    heard: dict[str, float] = {}

    def hear(ended: threading.Event) -> None:
        with links.connect(url, application_name="oi-benchmarks") as link:
            link.execute(f"LISTEN {_CHANNEL}")
            while not ended.is_set():
                for notice in link.notifies(timeout=_HEAR_S, stop_after=1):
                    heard[notice.payload] = time.monotonic()

    with beside("hearing", hear):
        yield heard


def lags(heard: dict[str, float], came: dict[str, Any], began: float) -> dict[str, Any]:
    """From the announcement of a commit to its arrival at each page, of those after `began`."""
    found = sorted(
        1000 * (at - heard[key])
        for key, times in came["arrivals"].items()
        if heard.get(key, 0.0) > began
        for at in times
    )
    if not found:
        raise BenchmarkError("No chain reached the viewers.")
    commits = sum(at > began for key, at in heard.items() if not key.endswith(":feed"))
    return {
        "commits": commits,
        "pushes": len(found),
        "lost_viewers": came["lost"],
        "push_bytes": came["bytes"],
        "push_p50_ms": percentile(found, 0.5),
        "push_p95_ms": percentile(found, 0.95),
        "push_p99_ms": percentile(found, 0.99),
        "push_max_ms": found[-1],
    }
