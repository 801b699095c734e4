"""The broker's feed at full width: from the stand-in's socket to committed rows."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL

from app.collector import Collector, CollectorOptions
from app.feeds.kite import KiteFeed
from app.kite.catalogue import Catalogue
from app.kite.client import BrokerClient
from app.kite.login import login_address
from app.kite.standin.clock import MarketClock
from app.kite.standin.sessions import Account
from app.kite.standin.visit import visited
from app.kite.subscriptions import Subscriptions
from app.kite.ticker import Credentials
from benchmarks.errors import BenchmarkError
from benchmarks.parts.decoding import decoding
from benchmarks.parts.feed_ends import Ends, TimedBoard, compared
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.timing.statistics import percentile
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES

TICKS_A_SECOND = 2
_SEED = 7
_WARM_UP_S = 5.0
_PATIENCE_S = 60.0
_POLL_S = 0.05


def feed_on(server: BenchmarkServer, result: Result, *, seconds: int) -> None:
    """Collect from a stand-in for so long; fills `result` as `feed --help` says."""
    from db import migrate

    with server.database("feed") as url, TemporaryDirectory() as folder:
        migrate.upgrade(url)
        with session(url) as facts:
            result.servers.append(asdict(server_facts(facts)))
        # its market runs twice as fast as the clock and meets it at the end
        start = (market_now() - timedelta(seconds=seconds)).astimezone(IST).replace(microsecond=0)
        with _stand_in(start) as address:
            clock = MarketClock(start, TICKS_A_SECOND)
            result.data |= _collected(url, address, Path(folder), clock, seconds)
    result.data |= decoding()


def _collected(
    url: URL, address: str, folder: Path, clock: MarketClock, seconds: int
) -> dict[str, Any]:
    """Run a collector for so long after warming up; its figures, and what history holds then."""
    from db.engine import engine_for

    engine, board, ends = engine_for(url), TimedBoard(), Ends()
    known = _logged_in(address)
    client = BrokerClient(known.api_key, known.access_token, f"http://{address}")
    catalogue = Catalogue(client.instruments, folder, EXCHANGES.values(), run=lambda fetch: fetch())
    subscriptions = Subscriptions(f"ws://{address}", lambda: known, lambda: True, shared=board)
    feed = KiteFeed(subscriptions, catalogue, source="simulated", now=clock)
    collector = Collector(engine, feed, CollectorOptions(spool=folder / "spool"), clock)
    ends.watch(collector, board)
    try:
        found = _timed(collector, board, ends, seconds)
        contracts = sum(map(len, catalogue.at(clock()).values()))
        return {"contracts": contracts, **found, **compared(engine, ends, board, _SEED)}
    finally:
        engine.dispose()


def _timed(collector: Collector, board: TimedBoard, ends: Ends, seconds: int) -> dict[str, Any]:
    thread = threading.Thread(target=collector.run)
    thread.start()
    try:
        _await_commits(ends)
        time.sleep(_WARM_UP_S)
        ends.reset()
        before, began = board.figures.packets, time.perf_counter()
        time.sleep(seconds)
        ticks, passed_s = board.figures.packets - before, time.perf_counter() - began
        lags, queue_max = sorted(ends.lags_ms), ends.queue_max
    finally:
        collector.stop()
        thread.join()
    return {
        "seconds": seconds,
        "ticks_per_s": round(ticks / passed_s),
        "queue_max": queue_max,
        "commits": len(lags),
        "tick_to_commit_p50_ms": percentile(lags, 0.5),
        "tick_to_commit_p99_ms": percentile(lags, 0.99),
    }


def _await_commits(ends: Ends) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while len({exchange for exchange, _ in ends.shown}) < len(EXCHANGES):
        if time.monotonic() > deadline:
            raise BenchmarkError("The stand-in's ticks did not reach the database in a minute.")
        time.sleep(_POLL_S)


def _logged_in(address: str) -> Credentials:
    known = Account()
    client = BrokerClient(known.api_key, root=f"http://{address}")
    page = login_address(known.api_key, f"http://{address}/connect/login")
    _, access_token = client.exchange(visited(page), known.api_secret)
    return Credentials(known.api_key, access_token, 1)


@contextmanager
def _stand_in(start: datetime) -> Iterator[str]:
    """A stand-in in a process of its own; where it listens, HOST:PORT."""
    options = {
        "port": 0,
        "seed": _SEED,
        "start": f"{start.astimezone(IST):%Y-%m-%dT%H:%M:%S}",
        "speed": TICKS_A_SECOND,
        "interval": 1 / TICKS_A_SECOND,
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [
            *(sys.executable, "-m", "app.kite.standin", *arguments),
            *("--always-open", "--unlimited"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://([\d.:]+)", said)
            if found is None:
                raise BenchmarkError("The stand-in did not start.")
            yield found[1]
        finally:
            process.terminate()
