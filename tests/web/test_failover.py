"""The standby takes over while collector and pages run: nothing confirmed is lost, all goes on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from app.collector import Collector, CollectorOptions
from app.feeds.simulate.feed import SimulateFeed
from benchmarks.feed.ends import Ends
from db.engine import engine_for
from db.migrate import upgrade
from db.settings import Settings
from tests.support.databases import DatabaseServer, connection
from tests.support.streaming import Streaming, programs_of, streaming
from tests.support.waiting import eventually
from tests.web.serving import following, web_server

SETTINGS = Settings(connect_timeout_s=2, link_timeout_s=2)
_ALL = """
    SELECT timestamp, count(*), count(DISTINCT (strike, option_type))
    FROM option_chain_snapshots
    WHERE exchange = 'NSE'
    GROUP BY timestamp
"""


@pytest.fixture
def pair(server: DatabaseServer) -> Iterator[Streaming]:
    with streaming(programs_of(server)) as started:
        upgrade(started.primary)
        started.confirm_by_both()
        yield started


def test_a_promoted_standby_has_all_that_was_confirmed_and_pages_go_on(
    pair: Streaming, home: Path, tmp_path: Path
) -> None:
    engine = engine_for(pair.either, settings=SETTINGS)
    feed = SimulateFeed(7, interval_s=0.2, exchanges=("NSE",))
    options = CollectorOptions(snapshot_interval_s=1, spool=tmp_path / "spool")
    collector, ends = Collector(engine, feed, options), Ends()
    ends.watch(collector)
    with (
        ThreadPoolExecutor(1) as thread,
        web_server(home, pair.either) as web,
    ):
        running = thread.submit(collector.run)
        try:
            with following(web, "NSE", cookie=web.sign_in()) as page:
                eventually(lambda: collector.counts.snapshots >= 3)
                pair.kill("primary")
                pair.promote()
                over_at, stored = _latest(ends), collector.counts.snapshots
                eventually(lambda: collector.counts.snapshots >= stored + 3)
                while not _shows_after(page.message("full", "delta"), over_at):
                    pass
        finally:
            collector.stop()
        counts = running.result(60)
    engine.dispose()
    assert (counts.dropped, counts.refused.total()) == (0, 0)
    with connection(pair.standby) as session:
        held = {at: (rows, contracts) for at, rows, contracts in session.execute(_ALL)}
    for (_, at), (_, contracts) in ends.stored.items():
        if ("NSE", at) in ends.kept:
            assert held[at.replace(tzinfo=None)] == (contracts, contracts)


def _latest(ends: Ends) -> datetime:
    return max(at.replace(tzinfo=None) for _, at in ends.commits)


def _shows_after(message: dict, moment: datetime) -> bool:
    """A change of a chain names its moment only where that changes too."""
    told = message["summary"].get("last_update")
    return told is not None and datetime.fromisoformat(told).replace(tzinfo=None) > moment
