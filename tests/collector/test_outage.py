"""The database goes away in the middle: nothing is lost, nothing is fatal."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.collector import Collector, CollectorOptions, Counts
from app.feeds.replay import ReplayFeed
from db.engine import engine_for
from db.errors import DatabaseUnavailableError, NotMigratedError
from db.market.ticks import ChainSnapshot
from tests.collector.chains import AT, chain
from tests.collector.proxy import Wire, wire


class SteeredFeed:
    """A live feed that yields what the test hands it, one state at a time."""

    live = True

    def __init__(self) -> None:
        self.rejected: Counter[str] = Counter()
        self.reconnects = 0
        self._next: list[ChainSnapshot] = []
        self._closed = threading.Event()
        self._handed = threading.Condition()

    def hand(self, batch: ChainSnapshot) -> None:
        with self._handed:
            self._next.append(batch)
            self._handed.notify()

    def batches(self) -> Iterator[ChainSnapshot]:
        while not self._closed.is_set():
            with self._handed:
                self._handed.wait_for(lambda: self._next, 0.05)
                waiting, self._next = self._next, []
            yield from waiting

    def reconnect(self) -> None:
        self.reconnects += 1

    def close(self) -> None:
        self._closed.set()


class Running:
    """A collector at work in a thread."""

    def __init__(self, engine: Engine, feed: SteeredFeed, spool: Path) -> None:
        options = CollectorOptions(spool=spool, stale_after=timedelta(days=9999))
        self.collector = Collector(engine, feed, options)
        self._thread = threading.Thread(target=self.collector.run, daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Counts:
        return self.collector.counts

    def until(self, is_true: Callable[[], bool]) -> None:
        eventually(lambda: is_true() or not self._thread.is_alive())
        assert self._thread.is_alive(), "the collector has ended"

    def stop(self) -> Counts:
        self.collector.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.counts


def eventually(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@pytest.fixture
def line(database: URL) -> Iterator[Wire]:
    with wire(database.host or "127.0.0.1", database.port or 5432) as found:
        yield found


@pytest.fixture
def remote(database: URL, line: Wire) -> Iterator[Engine]:
    """An engine on the database that sees it through the wire."""
    found = engine_for(database.set(host="127.0.0.1", port=line.port))
    yield found
    found.dispose()


def stored(engine: Engine) -> list[datetime]:
    statement = text("SELECT DISTINCT timestamp FROM option_chain_snapshots ORDER BY 1")
    with engine.connect() as connection:
        return list(connection.scalars(statement))


def test_snapshots_of_an_outage_wait_on_disk_and_are_all_stored_afterwards(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    feed, marks = SteeredFeed(), [AT + timedelta(seconds=30 * n) for n in range(6)]
    running = Running(remote, feed, tmp_path / "spool")
    feed.hand(chain(marks[0]))
    running.until(lambda: running.counts.snapshots == 1)
    line.cut()
    for n, mark in enumerate(marks[1:5], start=1):
        feed.hand(chain(mark, oi=7_500 + n))
        running.until(lambda n=n: running.counts.spooled == n)
    assert len(list((tmp_path / "spool").glob("*.json"))) == 4
    line.mend()
    running.until(lambda: running.counts.snapshots == 5)
    feed.hand(chain(marks[5]))
    running.until(lambda: running.counts.snapshots == 6)
    counts = running.stop()
    assert stored(engine) == [mark.replace(tzinfo=None) for mark in marks]
    assert (counts.lost_connections, counts.waiting, counts.dropped) == (1, 0, 0)
    assert not list((tmp_path / "spool").glob("*.json"))


def test_what_a_stopped_collector_left_is_stored_by_the_next(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    feed = SteeredFeed()
    line.cut()
    running = Running(remote, feed, tmp_path)
    feed.hand(chain(AT))
    running.until(lambda: running.counts.spooled == 1)
    assert running.stop().waiting == 1
    line.mend()
    following = Running(remote, SteeredFeed(), tmp_path)
    following.until(lambda: following.counts.snapshots == 1)
    assert following.stop().waiting == 0
    assert stored(engine) == [AT.replace(tzinfo=None)]


def test_between_snapshots_only_the_live_edge_moves(engine: Engine, tmp_path: Path) -> None:
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    feed.hand(chain(AT, oi=7_500))
    running.until(lambda: running.counts.snapshots == 1)
    feed.hand(chain(AT + timedelta(seconds=7), oi=9_000))
    running.until(lambda: running.counts.live_updates == 1)
    running.stop()
    with engine.connect() as connection:
        shown = connection.execute(
            text("SELECT DISTINCT timestamp, oi FROM option_chain_latest")
        ).all()
    assert [tuple(row) for row in shown] == [
        ((AT + timedelta(seconds=7)).replace(tzinfo=None), 9_000)
    ]
    assert stored(engine) == [AT.replace(tzinfo=None)]


def test_a_recording_waits_for_the_database_and_loses_nothing(
    engine: Engine, remote: Engine, line: Wire
) -> None:
    chains = [chain(AT + timedelta(minutes=n)) for n in range(6)]

    def played(_: Counter[str]) -> Iterator[ChainSnapshot]:
        for n, each in enumerate(chains):
            if n == 3:
                eventually(lambda: collector.counts.snapshots == 3)
                line.cut()
                threading.Timer(0.6, line.mend).start()
            yield each

    collector = Collector(remote, ReplayFeed(played))
    counts = collector.run()
    assert counts.snapshots == 6
    assert counts.lost_connections >= 1
    assert len(stored(engine)) == 6


def test_a_recording_does_not_wait_for_a_database_that_never_was(database: URL) -> None:
    nowhere = engine_for(database.set(host="127.0.0.1", port=1))
    feed = ReplayFeed(lambda _: [chain()])
    with pytest.raises(DatabaseUnavailableError, match="does not answer"):
        Collector(nowhere, feed).run()
    nowhere.dispose()


def test_a_database_of_another_schema_is_named_as_such(plain_database: URL) -> None:
    engine = engine_for(plain_database)
    with pytest.raises(NotMigratedError, match="alembic upgrade head"):
        Collector(engine, ReplayFeed(lambda _: [chain()])).run()
    engine.dispose()


def test_what_the_database_refuses_is_counted_and_the_rest_goes_on(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("ALTER TABLE option_chain_snapshots ADD CONSTRAINT odd CHECK (oi <> 666)")
        )
    instants = [AT + timedelta(minutes=n) for n in range(3)]
    chains = [chain(at, oi=oi) for at, oi in zip(instants, (7_500, 666, 7_500), strict=True)]
    counts = Collector(engine, ReplayFeed(lambda _: chains)).run()
    assert counts.snapshots == 2
    assert counts.refused.total() == 1
    assert len(stored(engine)) == 2


def test_a_collector_that_starts_again_knows_the_last_hour(engine: Engine) -> None:
    Collector(engine, ReplayFeed(lambda _: [chain(AT, oi=6_000)])).run()
    later = AT + timedelta(minutes=5)
    Collector(engine, ReplayFeed(lambda _: [chain(later, oi=7_500)])).run()
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT DISTINCT pct_change_5m, oi_change_5m FROM option_chain_latest")
        ).all()
    assert [tuple(row) for row in found] == [(25.0, 1_500)]


def test_a_replay_stored_twice_is_stored_once(engine: Engine) -> None:
    for _ in range(2):
        Collector(engine, ReplayFeed(lambda _: [chain(AT)])).run()
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM option_chain_snapshots"))
    assert count == 10
