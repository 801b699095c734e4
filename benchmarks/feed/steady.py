"""The broker's feed at full width for a while: ticks to committed rows and to a browser."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL

from app.kite.standin.clock import MarketClock
from app.kite.standin.journal import read_journal
from benchmarks.feed.decoding import decoding
from benchmarks.feed.ends import Ends
from benchmarks.feed.rig import Rig, stand_in
from benchmarks.feed.sent import Sent, compared
from benchmarks.feed.viewer import Viewer, signed_in, viewing
from benchmarks.report.results import Result
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.environment import server_facts
from benchmarks.timing.statistics import percentile
from benchmarks.timing.waiting import awaited
from benchmarks.web.serving import serving
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES

SPEED = 2
_WARM_UP_S = 5.0
_PATIENCE_S = 60.0
_NO_COMMIT = "The stand-in's ticks did not reach the database in a minute."


def feed_on(server: BenchmarkServer, result: Result, *, seconds: int) -> None:
    """Collect from a stand-in for so long; fills `result` as `feed --help` says."""
    with TemporaryDirectory() as name, migrated(server, result) as url:
        folder = Path(name)
        # its market runs twice as fast as the clock and meets it at the end
        start = (market_now() - timedelta(seconds=seconds)).astimezone(IST).replace(microsecond=0)
        journal = folder / "sent"
        with stand_in(start, SPEED, journal, "--always-open") as broker, engine_of(url) as engine:
            rig = Rig(engine, broker, folder, MarketClock(start, SPEED))
            with serving(url) as site, rig.started(), viewing(site, signed_in(site)) as viewer:
                result.data |= _timed(rig, viewer, seconds)
            result.data |= {"contracts": rig.contracts()}
            broker.stop()
            sent = Sent(read_journal(journal))
            result.data |= _to_browser(rig.ends, viewer, sent)
            result.data |= compared(engine, rig.ends.stored, sent)
    result.data |= decoding()


@contextmanager
def migrated(server: BenchmarkServer, result: Result) -> Iterator[URL]:
    """A migrated database of the run's own."""
    from db import migrate

    with server.database("feed") as url:
        migrate.upgrade(url)
        with session(url) as facts:
            result.servers.append(asdict(server_facts(facts)))
        yield url


@contextmanager
def engine_of(url: URL) -> Iterator[Any]:
    """An engine that is disposed of at the end."""
    from db.engine import engine_for

    engine = engine_for(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _timed(rig: Rig, viewer: Viewer, seconds: int) -> dict[str, Any]:
    ends, board = rig.ends, rig.board
    awaited(
        lambda: len({key for key, _ in ends.commits}) == len(EXCHANGES), _PATIENCE_S, _NO_COMMIT
    )
    time.sleep(_WARM_UP_S)
    ends.reset()
    viewer.seen.clear()
    before, began = board.figures.packets, time.perf_counter()
    time.sleep(seconds)
    ticks, passed_s = board.figures.packets - before, time.perf_counter() - began
    lags, queue_max, burst_max = ends.lags_ms(board), ends.queue_max, ends.burst_max
    return {
        "seconds": seconds,
        "ticks_per_s": round(ticks / passed_s),
        "queue_max": queue_max,
        "burst_max": burst_max,
        "commits": len(lags),
        "tick_to_commit_p50_ms": percentile(lags, 0.5),
        "tick_to_commit_p99_ms": percentile(lags, 0.99),
    }


def _to_browser(ends: Ends, viewer: Viewer, sent: Sent) -> dict[str, Any]:
    """From the sending of the first tick of a chain's newest second until a page has its frame."""
    began = sent.sent_at()
    lags = sorted(
        1000 * (seen - began[ends.shown[key]])
        for key, seen in viewer.seen.items()
        if ends.shown.get(key) in began
    )
    return {
        "pushes": len(lags),
        "tick_to_browser_p50_ms": percentile(lags, 0.5) if lags else None,
        "tick_to_browser_p99_ms": percentile(lags, 0.99) if lags else None,
    }
