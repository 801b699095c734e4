"""First executions after a restart of the server, with the operating system's cache dropped."""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import URL

from benchmarks.errors import BenchmarkError
from benchmarks.parts.questions import Question
from benchmarks.server.databases import BenchmarkServer, Session, session
from benchmarks.server.sizes import number
from benchmarks.timing.progress import steps
from benchmarks.timing.requests import Request, answer, driver_session
from db.server.cluster import LocalServer

DROPPED = "server restarted, OS cache dropped"
KEPT = "server restarted, OS cache kept (dropping it is not permitted here)"
_CACHES = Path("/proc/sys/vm/drop_caches")
_EVERYTHING = "3"
_OTHERS = """
    SELECT count(*)
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name <> 'oi-benchmarks'
"""


def restartable(server: BenchmarkServer) -> LocalServer:
    """The local server, if restarting it disturbs nobody; raises BenchmarkError otherwise."""
    if server.local is None:
        raise BenchmarkError(
            "Cold runs restart the server, so only the local one is asked cold: "
            "leave out --url and OI_DATABASE_URL."
        )
    with session(server.admin_url) as asking:
        others = number(asking, _OTHERS)
    if others:
        raise BenchmarkError(
            f"Cold runs restart the local server; end the {others} sessions of others first."
        )
    return server.local


def measure(
    local: LocalServer,
    legacy: URL,
    migrated: URL,
    questions: Sequence[Question],
    rounds: int,
    queries: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Ask each question cold and put the times beside the warm ones; what was done to get them.

    Every query and round has a restart of its own. Both sides are connected before the clock
    starts, so that a time holds planning with an empty catalog cache and reading from disk, and
    not the start of a process; they take turns at going first.
    """
    method, started = KEPT, time.perf_counter()
    with steps("cold", rounds * len(questions)) as advance:
        for position, (asked, query) in enumerate(zip(questions, queries, strict=True)):
            times = []
            for turn in range(rounds):
                method, port = restarted(local)
                pair = asked.before[turn], asked.after[turn]
                urls = legacy.set(port=port), migrated.set(port=port)
                times.append(_first_times(urls, pair, after_first=bool((turn + position) % 2)))
                advance(f"cold: {asked.workload.title}")
            before_ms, after_ms = (median(side) for side in zip(*times, strict=True))
            query["cold"] = {
                "before_ms": before_ms,
                "after_ms": after_ms,
                "speedup": before_ms / after_ms,
            }
    seconds = round(time.perf_counter() - started, 1)
    return {"method": method, "rounds": rounds, "duration_s": seconds}


def restarted(local: LocalServer) -> tuple[str, int | None]:
    """Restart the server with nothing cached; what could be done, and the port it is at now."""
    local.stop()
    method = _drop_caches()
    return method, local.start().port


def _drop_caches() -> str:
    """https://docs.kernel.org/admin-guide/sysctl/vm.html#drop-caches"""
    os.sync()
    try:
        _CACHES.write_text(_EVERYTHING, encoding="ascii")
    except OSError:
        return KEPT
    return DROPPED


def _first_times(
    urls: tuple[URL, URL], pair: tuple[Request, Request], *, after_first: bool
) -> tuple[float, float]:
    from db.engine import engine_for

    engine = engine_for(urls[1], read_only=True)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        before = stack.enter_context(session(urls[0]))
        after = stack.enter_context(driver_session(engine))
        for connected in (before, after):
            connected.execute("SELECT 1")
        if after_first:
            after_ms = _elapsed_ms(after, pair[1])
            return _elapsed_ms(before, pair[0]), after_ms
        return _elapsed_ms(before, pair[0]), _elapsed_ms(after, pair[1])


def _elapsed_ms(asked: Session, request: Request) -> float:
    started = time.perf_counter_ns()
    answer(asked, request)
    return (time.perf_counter_ns() - started) / 1e6
