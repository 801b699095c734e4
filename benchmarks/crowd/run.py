"""A crowd signs in at once, asks for data, and follows live chains."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import URL

from benchmarks.crowd.asking import asked
from benchmarks.crowd.watching import commits_heard, crowd, lags
from benchmarks.errors import BenchmarkError
from benchmarks.feed.upkeep import children, process_cpu_s
from benchmarks.feed.viewer import signed_in
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.timing.progress import steps
from benchmarks.timing.statistics import percentile
from benchmarks.web.serving import Site, collecting, serving
from db import migrate
from db.market.exchanges import EXCHANGES

# a session may hold twenty viewers
_VIEWERS_OF_A_SESSION = 16
_WARM_UP_S = 5.0
_START_S = 60.0


def crowd_on(
    server: BenchmarkServer,
    result: Result,
    *,
    viewers: int,
    sign_ins: int,
    connections: int,
    seconds: int,
    workers: int,
) -> None:
    """All of it on one server, one after the other; fills `result` as `crowd --help` says."""
    with (
        served(server, result, workers) as (url, site, _),
        steps("a crowd at the dashboard", 4) as advance,
    ):
        cookies = [signed_in(site) for _ in range(-(-max(viewers, 1) // _VIEWERS_OF_A_SESSION))]
        result.data |= {"viewers": viewers, "workers": workers, "seconds": seconds}
        result.data |= _watched(site, url, cookies, viewers, seconds)
        advance(f"{viewers} viewers")
        full = asked(site, cookies, connections=connections, seconds=seconds, rate=None)
        advance("as many requests as go")
        half = full["requests_per_s"] / 2
        calm = asked(site, cookies, connections=connections, seconds=seconds, rate=half)
        advance("half as many")
        result.data |= {"data": full, "data_at_half": calm}
        result.data |= _signed_in_at_once(site, sign_ins)
        advance(f"{sign_ins} sign-ins")


@contextmanager
def served(
    server: BenchmarkServer, result: Result, workers: int, **market: str
) -> Iterator[tuple[URL, Site, int]]:
    """A migrated database of the run's own with a live market, its dashboard, and the collector.

    `market` are settings of the collector, whose process's number comes last.
    """
    with server.database("crowd") as url:
        migrate.upgrade(url)
        with session(url) as facts:
            result.servers.append(asdict(server_facts(facts)))
        with collecting(url, None, **market) as collector, serving(url, workers=workers) as site:
            _await_chains(url)
            yield url, site, collector


def _await_chains(url: URL) -> None:
    end = time.monotonic() + _START_S
    with session(url) as link:
        while (found := link.execute("SELECT count(*) FROM chain_summary").fetchone()) != (
            len(EXCHANGES),
        ):
            if time.monotonic() > end:
                raise BenchmarkError(f"The collector shows {found} of its chains after a minute.")
            time.sleep(0.1)


def _watched(
    site: Site, url: URL, cookies: list[str], viewers: int, seconds: int
) -> dict[str, Any]:
    with commits_heard(url) as heard, crowd(site, cookies, viewers, keeps=True) as watching:
        time.sleep(_WARM_UP_S)
        family = [site.process, *children(site.process)]
        began, cpu_s = time.monotonic(), sum(map(process_cpu_s, family))
        time.sleep(seconds)
        cpu_s = sum(map(process_cpu_s, family)) - cpu_s
        passed_s = time.monotonic() - began
    return {
        **lags(heard, watching.came, began),
        "server_cpu_percent": 100 * cpu_s / passed_s,
        "server_cpu_ms_per_viewer_s": 1000 * cpu_s / passed_s / max(viewers, 1),
    }


def _signed_in_at_once(site: Site, count: int) -> dict[str, Any]:
    """Everybody from the same moment on, each from the login page to a session."""

    def enter(_: int) -> float | None:
        began = time.perf_counter()
        try:
            signed_in(site)
        except (OSError, BenchmarkError):
            return None
        return 1000 * (time.perf_counter() - began)

    with ThreadPoolExecutor(count) as threads:
        found = list(threads.map(enter, range(count)))
    times = sorted(each for each in found if each is not None)
    return {
        "sign_ins": count,
        "sign_in_failures": count - len(times),
        "sign_in_p50_ms": percentile(times, 0.5) if times else None,
        "sign_in_p99_ms": percentile(times, 0.99) if times else None,
    }
