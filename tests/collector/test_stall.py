"""The database stands still without refusing anything: no mark is lost, no feed is blamed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.collector.counts import Counts
from app.collector.enrich import enriched
from app.collector.leadership import Leadership
from app.collector.memory import Memory
from app.collector.outbox import Outbox
from app.collector.past import Past
from app.collector.telling import Telling
from app.collector.writer import Writer
from benchmarks.chaos.wire import Wire
from db.market.exchanges import EXCHANGES
from db.market.ticks import EnrichedSnapshot
from tests.collector.chains import AT, chain
from tests.collector.feeds import SteeredFeed
from tests.collector.running import Running, shown, stored
from tests.support.waiting import eventually

TWO_MINUTES_S = 120


@contextmanager
def dropped_packets(engine: Engine, line: Wire) -> Iterator[None]:
    line.stall()
    yield
    assert line.is_holding, "the writer wrote into the void"
    line.mend()


@contextmanager
def a_lock(engine: Engine, line: Wire) -> Iterator[None]:
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE option_chain_latest IN ACCESS EXCLUSIVE MODE"))
        yield


def naive(second: int) -> datetime:
    return (AT + timedelta(seconds=second)).replace(tzinfo=None)


@pytest.mark.parametrize("standing", [dropped_packets, a_lock])
def test_two_minutes_of_a_standing_database_lose_no_mark_and_blame_no_feed(
    engine: Engine, patient: Engine, line: Wire, tmp_path: Path, standing: type
) -> None:
    feed, spool = SteeredFeed(), tmp_path / "spool"
    running = Running(patient, feed, spool)

    def pass_second(second: int) -> None:
        handled = feed.handled
        for exchange in EXCHANGES:
            feed.hand(chain(AT + timedelta(seconds=second), exchange=exchange, oi=7_500 + second))
        running.until(lambda: feed.handled == handled + len(EXCHANGES))
        running.seconds += 1

    pass_second(0)
    running.until(lambda: running.counts.snapshots == 4)
    with standing(engine, line):
        for second in range(1, TWO_MINUTES_S):
            pass_second(second)
        # half a minute is at hand, what came before is on disk
        eventually(lambda: len(list(spool.glob("*.npz"))) >= 4)
        assert running.counts.snapshots == 4
    running.until(lambda: running.counts.snapshots == 16)
    for exchange in EXCHANGES:
        running.until(lambda e=exchange: shown(engine, e) == naive(TWO_MINUTES_S - 1))
        assert stored(engine, exchange) == [naive(mark) for mark in range(0, TWO_MINUTES_S, 30)]
    counts = running.stop()
    assert (feed.reconnects, counts.stale_periods, counts.lost_connections) == (0, 0, 0)
    assert (counts.dropped, counts.waiting, counts.refused.total()) == (0, 0, 0)


def test_a_collector_that_is_stopped_meanwhile_leaves_its_marks_to_the_next(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    feed = SteeredFeed()
    running = Running(remote, feed, tmp_path)
    feed.hand(chain(AT))
    running.until(lambda: running.counts.snapshots == 1)
    line.stall()
    for second in (30, 60):
        feed.hand(chain(AT + timedelta(seconds=second)))
    running.until(lambda: line.is_holding and feed.handled == 3)
    counts = running.stop()
    assert (counts.waiting, counts.dropped) == (2, 0)
    line.mend()
    following = Running(engine, SteeredFeed(), tmp_path)
    following.until(lambda: len(stored(engine)) == 3)
    following.stop()


def test_each_chain_is_shown_at_most_once_a_second(engine: Engine) -> None:
    seconds, counts, ended = [100.0], Counts(), threading.Event()
    outbox = Outbox(counts)
    writer = Writer(
        engine,
        outbox,
        Past(),
        counts,
        Leadership(30),
        Telling(dict, ""),
        is_live=True,
        ended=ended.set,
        clock=lambda: seconds[0],
    )
    outbox.store(state(0, "NSE"))
    writer.start()
    eventually(lambda: counts.snapshots == 1)
    for second in range(1, 4):
        outbox.show(state(second, "NSE"))
    outbox.show(state(3, "BSE"))
    eventually(lambda: counts.live_updates == 1)
    assert (shown(engine), shown(engine, "BSE")) == (naive(0), naive(3))
    seconds[0] += 1.0
    eventually(lambda: counts.live_updates == 2)
    assert shown(engine) == naive(3)
    outbox.end()
    assert ended.wait(60)
    assert writer.failure is None


def state(second: int, exchange: str) -> EnrichedSnapshot:
    return enriched(chain(AT + timedelta(seconds=second), exchange=exchange), Memory())
