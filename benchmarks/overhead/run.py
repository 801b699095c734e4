"""What timing each request costs: the same requests with and without, in turns of one run."""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL

from app.web.measuring import Measured
from benchmarks.dataset.filled import described, migrated_database
from benchmarks.dataset.spec import DatasetSpec
from benchmarks.errors import BenchmarkError
from benchmarks.overhead.wire import FEWER, on_the_wire
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer
from benchmarks.timing.waiting import awaited
from benchmarks.web.serving import serving
from benchmarks.web.within import built, client_of

if TYPE_CHECKING:
    from flask import Flask

PATHS = {"/api/data/NSE": 1, "/api/state/NSE": 1, "/": FEWER}
_READY_S = 60.0
_SWITCHED = ("benchmarks.overhead.switched",)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A turn's time a request, in microseconds: until the answers were there, and of the CPU."""

    answer_us: float
    cpu_us: float


def overhead_on(
    server: BenchmarkServer, spec: DatasetSpec, result: Result, *, requests: int, rounds: int
) -> None:
    """Ask in turns with and without timing; fills `result` as `overhead --help` says."""
    result.data |= {"dataset": described(spec), "requests": requests, "rounds": rounds}
    with migrated_database(server, spec) as url:
        with serving(url, program=_SWITCHED) as site:
            result.data["wire"] = list(on_the_wire(site, requests=requests, rounds=rounds))
        with _signed_in(url) as (app, cookie):
            measured: Measured = app.extensions["oi.measured"]
            result.data["paths"] = [
                {"path": path, **_compared(measured, path, cookie, requests // part, rounds)}
                for path, part in PATHS.items()
            ]


def _compared(
    measured: Measured, path: str, cookie: str, requests: int, rounds: int
) -> dict[str, Any]:
    def nothing() -> None:
        pass

    with_: list[_Turn] = []
    without: list[_Turn] = []
    # its own thread would count beside the turns; what waits is counted at the end of each instead
    measured.telemetry.recorder.close()
    count = measured.telemetry.recorder.count
    gc.collect()
    gc.disable()
    try:
        for place in range(rounds + 1):
            # the first round warms up; which goes first changes, as machines drift
            turns = [(measured, count, with_), (measured.inner, nothing, without)]
            for app, after, found in turns if place % 2 else reversed(turns):
                turn = _turn(app, path, cookie, requests, after)
                if place:
                    found.append(turn)
    finally:
        gc.enable()
    return _figures(with_, without)


def _figures(with_: Sequence[_Turn], without: Sequence[_Turn]) -> dict[str, Any]:
    """Medians, and the median of the ratios of turns that stood beside each other."""
    pairs = list(zip(with_, without, strict=True))
    return {
        "with_us": round(median(each.answer_us for each in with_), 1),
        "without_us": round(median(each.answer_us for each in without), 1),
        "answer_ratio": round(median(a.answer_us / b.answer_us for a, b in pairs), 4),
        "cost_us": round(median(a.cpu_us - b.cpu_us for a, b in pairs), 1),
        "cpu_us": round(median(each.cpu_us for each in without), 1),
        "cpu_ratio": round(median(a.cpu_us / b.cpu_us for a, b in pairs), 4),
    }


def _turn(app: Any, path: str, cookie: str, requests: int, after: Callable[[], None]) -> _Turn:
    """One turn; what another thread counts later is counted here, and belongs to the CPU's time."""
    environments = [_environment(path, cookie) for _ in range(requests)]
    answer = _Answer()
    cpu, began = time.thread_time(), time.perf_counter()
    for environment in environments:
        app(environment, answer)
    took = time.perf_counter() - began
    after()
    cpu = time.thread_time() - cpu
    if answer.status != "200 OK":
        raise BenchmarkError(f"{path} answered {answer.status}.")
    return _Turn(took / requests * 1e6, cpu / requests * 1e6)


class _Answer:
    """What a server does with the head of an answer, and no more."""

    status = ""

    def __call__(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self.status = status


def _environment(path: str, cookie: str) -> dict[str, Any]:
    from werkzeug.test import EnvironBuilder

    headers = [("Cookie", cookie), ("Accept-Encoding", "gzip")]
    environ = EnvironBuilder(path, headers=headers).get_environ()
    return {**environ, "REMOTE_ADDR": "127.0.0.1"}


@contextmanager
def _signed_in(url: URL) -> "Iterator[tuple[Flask, str]]":
    """An application that follows the database, and the cookie of a session."""
    with (
        tempfile.TemporaryDirectory(prefix="oi-bench-") as home,
        built(url, Path(home)) as (app, password),
    ):
        name = app.config["SESSION_COOKIE_NAME"]
        kept = client_of(app, password).get_cookie(name)
        if kept is None:
            raise BenchmarkError("The sign-in of the benchmark did not succeed.")
        shared = app.extensions["oi"]
        shared.warm_up()
        awaited(
            lambda: shared.states.fresh("NSE") is not None,
            _READY_S,
            "The chain did not become ready.",
        )
        yield app, f"{name}={kept.value}"
