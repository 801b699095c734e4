"""The database goes away in the middle: nothing is lost, nothing is fatal."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.collector import Collector
from app.feeds.base import Rejections
from app.feeds.replay import ReplayFeed
from benchmarks.chaos.wire import Wire
from db.engine import engine_for
from db.errors import DatabaseUnavailableError, NotMigratedError
from db.market.ticks import ChainSnapshot
from tests.collector.chains import AT, chain, minutes
from tests.collector.feeds import SteeredFeed
from tests.collector.running import Running, stored
from tests.support.databases import connection
from tests.support.waiting import eventually


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
    assert len(list((tmp_path / "spool").glob("*.npz"))) == 4
    line.mend()
    running.until(lambda: running.counts.snapshots == 5)
    feed.hand(chain(marks[5]))
    running.until(lambda: running.counts.snapshots == 6)
    counts = running.stop()
    assert stored(engine) == [mark.replace(tzinfo=None) for mark in marks]
    assert (counts.lost_connections, counts.waiting, counts.dropped) == (1, 0, 0)
    assert not list((tmp_path / "spool").glob("*.npz"))


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

    def played(_: Rejections) -> Iterator[ChainSnapshot]:
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


def test_what_the_database_refuses_is_counted_and_the_rest_goes_on(
    engine: Engine, database: URL
) -> None:
    with connection(database) as owner:
        owner.execute("ALTER TABLE option_chain_snapshots ADD CONSTRAINT odd CHECK (oi <> 666)")
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


def changes(engine: Engine) -> list[tuple[float | None, ...]]:
    """By instant, what history holds of the five-minute change and of a feature over three."""
    statement = text(
        "SELECT DISTINCT c.timestamp, pct_change_5m, percent_oichange_fut_3m, itm_ce_breadth"
        " FROM option_chain_snapshots AS c JOIN ml_features USING (timestamp, exchange)"
        " ORDER BY 1"
    )
    with engine.connect() as connection:
        return [tuple(row)[1:] for row in connection.execute(statement)]


def test_a_collector_that_starts_in_an_outage_has_right_changes_afterwards(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    Collector(engine, ReplayFeed(lambda _: [chain(AT - minutes(5), oi=6_000)])).run()
    line.cut()
    feed, marks = SteeredFeed(), [AT + timedelta(seconds=30 * n) for n in range(9)]
    running = Running(remote, feed, tmp_path)
    for n, mark in enumerate(marks[:7]):
        feed.hand(chain(mark, oi=7_500 + 15 * n))
    running.until(lambda: running.counts.spooled == 7)
    line.mend()
    running.until(lambda: running.counts.snapshots == 7)
    running.until(lambda: not running.collector._past.questions())
    for n, mark in enumerate(marks[7:], start=7):
        feed.hand(chain(mark, oi=7_500 + 15 * n))
    running.until(lambda: running.counts.snapshots == 9)
    running.stop()
    assert stored(engine)[1:] == [mark.replace(tzinfo=None) for mark in marks]
    five = [percent for percent, *_ in changes(engine)[1:]]
    assert five == [pytest.approx((1_500 + 15 * n) / 60) for n in range(9)]
    # what the memory could not know stays unknown: never a figure over another span
    features = [row[1:] for row in changes(engine)[1:]]
    assert features == [(None, None)] * 6 + [(0.0, 1.0)] * 3


def test_a_collector_that_follows_another_in_an_outage_has_right_changes_too(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    line.cut()
    first = SteeredFeed()
    running = Running(remote, first, tmp_path)
    first.hand(chain(AT - minutes(5), oi=6_000))
    running.until(lambda: running.counts.spooled == 1)
    running.stop()
    feed = SteeredFeed()
    running = Running(remote, feed, tmp_path)
    feed.hand(chain(AT, oi=7_500))
    running.until(lambda: running.counts.spooled == 1)
    line.mend()
    running.until(lambda: running.counts.snapshots == 2)
    running.until(lambda: not running.collector._past.questions())
    feed.hand(chain(AT + timedelta(seconds=30), oi=9_000))
    running.until(lambda: running.counts.snapshots == 3)
    running.stop()
    assert [percent for percent, *_ in changes(engine)] == [None, 25.0, 50.0]


def test_a_replay_stored_twice_is_stored_once(engine: Engine) -> None:
    for _ in range(2):
        Collector(engine, ReplayFeed(lambda _: [chain(AT)])).run()
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM option_chain_snapshots"))
    assert count == 10
