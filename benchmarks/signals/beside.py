"""Pages asked for while a collector tells signals of four chains, and while it does not."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from benchmarks.dataset.spec import sessions_until
from benchmarks.errors import BenchmarkError
from benchmarks.feed.viewer import signed_in
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.environment import server_facts
from benchmarks.signals.asked import latencies, predicted, trained
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import ratio_interval, summarize
from benchmarks.web.serving import Site, collecting, serving
from db.market.exchanges import EXCHANGES

OBJECTIVE_MS = 5.0
VISIBLE_MS = 1.0
REQUESTS = ("/", "/api/state/NSE", "/api/data/NSE")
_SEED = 1
# often, so that no request has long to wait for a prediction beside it
_SNAPSHOT_S = 2
_PAUSE_S = 0.02
_PATIENCE_S = 60.0
_NONE_YET = "No signal came within a minute; while the index stands in its auction there is none."
_TOLD = "SELECT exchange, latency_ms FROM predictions"

Round = Mapping[str, Sequence[float]]


def signals_on(
    server: BenchmarkServer, result: Result, *, days: int, end: date, rounds: int, requests: int
) -> None:
    """Train, predict, and ask for pages with and without; fills `result` as its help says."""
    from db import migrate

    with TemporaryDirectory() as name, server.database("signals") as url:
        migrate.upgrade(url)
        homes = {"off": Path(name) / "off", "on": Path(name) / "on"}
        model, trees = trained(homes["on"], sessions_until(end, days))
        timed: dict[str, list[Round]] = {"off": [], "on": []}
        with (
            session(url) as watching,
            serving(url) as site,
            closing(_Visitor(site)) as visitor,
            steps("pages beside signals", 2 * rounds) as advance,
        ):
            result.servers.append(asdict(server_facts(watching)))
            result.data |= {
                "trees": trees,
                "objective_ms": OBJECTIVE_MS,
                "alone": [predicted(model, key, end) for key in EXCHANGES],
            }
            for number in range(rounds):
                # either goes first in turn: a machine that warms up favours neither
                for way in ("off", "on") if number % 2 else ("on", "off"):
                    with collecting(url, homes[way], OI_SNAPSHOT_INTERVAL_S=str(_SNAPSHOT_S)):
                        visitor.wait(has_signal=way == "on")
                        timed[way].append(visitor.round(requests))
                    advance()
            result.data["live"] = _told(watching)
        result.data["pages"] = [compared(path, timed) for path in REQUESTS]


def compared(path: str, timed: Mapping[str, Sequence[Round]]) -> dict[str, Any]:
    """One page without signals and with them, and whether the difference can be seen."""
    rounds = {way: [each[path] for each in found] for way, found in timed.items()}
    off, on = summarize(rounds["off"]), summarize(rounds["on"])
    low, high = ratio_interval(rounds["on"], rounds["off"], seed=_SEED)
    slower_ms = on.p50_ms - off.p50_ms
    return {
        "request": path,
        "off": asdict(off),
        "on": asdict(on),
        "slower_ms": slower_ms,
        "ratio": on.p50_ms / off.p50_ms,
        "ratio_95": [low, high],
        "is_seen": slower_ms >= VISIBLE_MS and low > 1,
    }


def _told(watching: Session) -> list[dict[str, Any]]:
    """What each prediction of the collector took, beside all else that it does."""
    taken: dict[str, list[float]] = {}
    for exchange, latency_ms in watching.execute(_TOLD):
        taken.setdefault(exchange, []).append(latency_ms)
    return [{"exchange": key, **latencies(taken[key])} for key in EXCHANGES if key in taken]


class _Visitor:
    """A browser's connection that is kept, signed in."""

    def __init__(self, site: Site) -> None:
        address = urlsplit(site.url)
        self.cookie = signed_in(site)
        self.link = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=_PATIENCE_S
        )

    def close(self) -> None:
        """Leave."""
        self.link.close()

    def ask(self, path: str) -> bytes:
        """The body of a page; raises BenchmarkError where it is refused."""
        self.link.request("GET", path, headers={"Cookie": self.cookie})
        answer = self.link.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchmarkError(f"{path} answered {answer.status}.")
        return body

    def wait(self, *, has_signal: bool) -> None:
        """Until the chain is fresh, and its signal there or gone."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            summary = json.loads(self.ask("/api/state/NSE"))["summary"]
            is_there = summary["ml_signal"] is not None
            is_gone = summary["ml_rationale"] == "no model"
            if summary["status"] == "live" and (is_there if has_signal else is_gone):
                return
            time.sleep(0.1)
        raise BenchmarkError(_NONE_YET)

    def round(self, requests: int) -> Round:
        """Milliseconds of so many requests of each page, one after the other."""
        taken: dict[str, list[float]] = {path: [] for path in REQUESTS}
        for path in _turns(requests):
            began = time.perf_counter_ns()
            self.ask(path)
            taken[path].append((time.perf_counter_ns() - began) / 1e6)
            time.sleep(_PAUSE_S)
        return taken


def _turns(requests: int) -> Iterator[str]:
    for _ in range(requests):
        yield from REQUESTS
