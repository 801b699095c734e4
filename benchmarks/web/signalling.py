"""What signals cost: how long a prediction takes, and what pages notice of those who make them."""

import http.client
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from benchmarks.dataset.spec import sessions_until
from benchmarks.errors import BenchmarkError
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import percentile, ratio_interval, summarize
from benchmarks.web.serving import USERNAME, Site, collecting, serving
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from app.signals.frame import Frame
    from app.signals.model import Model

OBJECTIVE_MS = 5.0
VISIBLE_MS = 1.0
REQUESTS = ("/", "/api/state/NSE", "/api/data/NSE")
_SEED = 1
_STRIKES = 41
# often, so that no request has long to wait for a prediction beside it
_SNAPSHOT_S = 2
_PAUSE_S = 0.02
_PATIENCE_S = 60.0
_HORIZON = 15
_NONE_YET = "No signal came within a minute; while the index stands in its auction there is none."


def signals_on(
    server: BenchmarkServer, result: Result, *, days: int, end: date, rounds: int, requests: int
) -> None:
    """Train, predict, and ask for pages with and without; fills `result` as its help says."""
    from db import migrate

    with TemporaryDirectory() as name, server.database("signals") as url:
        migrate.upgrade(url)
        with session(url) as facts:
            result.servers.append(asdict(server_facts(facts)))
        homes = {"off": Path(name) / "off", "on": Path(name) / "on"}
        model, trees = _trained(homes["on"], sessions_until(end, days))
        result.data |= {
            "trees": trees,
            "objective_ms": OBJECTIVE_MS,
            "predictions": [_predicted(model, key, end) for key in EXCHANGES],
        }
        timed: dict[str, list[_Round]] = {"off": [], "on": []}
        with (
            serving(url) as site,
            closing(_Visitor(site)) as visitor,
            steps("pages beside signals", 2 * rounds) as advance,
        ):
            for number in range(rounds):
                # either goes first in turn: a machine that warms up favours neither
                for way in ("off", "on") if number % 2 else ("on", "off"):
                    with collecting(url, homes[way], OI_SNAPSHOT_INTERVAL_S=str(_SNAPSHOT_S)):
                        visitor.wait(has_signal=way == "on")
                        timed[way].append(visitor.round(requests))
                    advance()
        result.data["pages"] = [compared(path, timed) for path in REQUESTS]


_Round = Mapping[str, Sequence[float]]


def compared(path: str, timed: Mapping[str, Sequence[_Round]]) -> dict[str, Any]:
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


def _trained(home: Path, days: Sequence[date]) -> "tuple[Model, int]":
    """A model of the size of one that has found something, for all chains."""
    from app.signals.registry import Registry
    from app.signals.train import Plan, train

    result = train(_with_effect(_history("NSE", days)), Plan(folds=1))
    for key in EXCHANGES:
        registry = Registry(home, key)
        manifest = registry.keep(result, (days[0], days[-1]), "simulated")
        registry.serve(manifest["id"])
    return registry.load(manifest["id"]), result.model.trees


def _predicted(model: "Model", key: str, day: date) -> dict[str, Any]:
    """A day of one chain, snapshot by snapshot, as the collector asks."""
    from app.signals.predict import Predictor
    from db.market.clock import IST

    frame, predictor = _history(key, [day]), Predictor(key, threshold=0.45, cooldown_s=300)
    taken = sorted(
        predictor.predict(
            model,
            instant.replace(tzinfo=IST),
            {name: float(column[i]) for name, column in frame.columns.items()},
        ).latency_ms
        for i, instant in enumerate(frame.instants.tolist())
    )
    return {
        "exchange": key,
        "count": len(taken),
        "p50_ms": percentile(taken, 0.5),
        "p99_ms": percentile(taken, 0.99),
        "max_ms": taken[-1],
    }


def _history(key: str, days: Sequence[date]) -> "Frame":
    """The features of simulated days, a row a minute."""
    import numpy as np

    from app.feeds.simulate.chain import chain_block
    from app.feeds.simulate.columns import snapshot_contexts
    from app.feeds.simulate.contracts import expiry_at
    from app.feeds.simulate.paths import session_seconds
    from app.signals.frame import Frame, instant_of

    contexts = []
    for day in days:
        held = session_seconds(day)
        if held is None:
            continue
        seconds = np.arange(held.start, held.stop, 60)
        expiry = expiry_at(EXCHANGES[key], day, held.start)
        contexts += snapshot_contexts(chain_block(_SEED, key, expiry, day, seconds, _STRIKES))
    return Frame(
        np.array([instant_of(each.timestamp) for each in contexts]),
        {
            name: np.array([each.features[name] for each in contexts], dtype=np.float64)
            for name in contexts[0].features
        },
    )


def _with_effect(frame: "Frame") -> "Frame":
    """With calls in the money that know the next minutes: else the trees would stay few."""
    import numpy as np

    from app.signals.frame import Frame

    price = frame.price
    ahead = np.log(np.append(price[_HORIZON:], np.full(_HORIZON, price[-1])) / price)
    noise = np.random.default_rng(_SEED).normal(size=len(frame))
    breadth = 0.5 + 0.1 * np.tanh(ahead / np.nanstd(ahead) + noise)
    return Frame(frame.instants, {**frame.columns, "itm_ce_breadth": breadth})


class _Visitor:
    """A browser's connection that is kept, signed in."""

    def __init__(self, site: Site) -> None:
        address = urlsplit(site.url)
        self.site, self.cookie = site, ""
        self.link = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=_PATIENCE_S
        )
        page = self.ask("/login").decode()
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        form = {"username": USERNAME, "password": site.password, "csrf": found[1] if found else ""}
        self.ask("/login", urlencode(form))

    def close(self) -> None:
        self.link.close()

    def ask(self, path: str, form: str | None = None) -> bytes:
        headers = {"Cookie": self.cookie}
        if form is None:
            self.link.request("GET", path, headers=headers)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.site.url}
            self.link.request("POST", path, form, headers | kind)
        answer = self.link.getresponse()
        body = answer.read()
        if answer.status >= 400:
            raise BenchmarkError(f"{path} answered {answer.status}.")
        given = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie", [])]
        self.cookie = "; ".join(given) or self.cookie
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

    def round(self, requests: int) -> _Round:
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
