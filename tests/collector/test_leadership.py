"""Two collectors of the same chains: one writes, and whatever ends it loses no mark."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.collector import Collector
from app.collector.guest import OccupiedError
from app.collector.leadership import QUIET_S, Leadership
from app.feeds.replay import ReplayFeed
from benchmarks.chaos.wire import Wire
from db.ingest.leases import acquire
from tests.collector.chains import AT, chain
from tests.collector.feeds import SteeredFeed
from tests.collector.running import Running, shown, stored
from tests.support.leases import led
from tests.support.paths import ROOT
from tests.support.waiting import eventually

FIRST, SECOND = 7_500, 9_000
KEYS = ("NSE", "BSE")


class Puppet:
    """A collector's process that a test feeds, freezes and kills; `oi` stands in all it writes."""

    def __init__(self, database: URL, folder: Path, oi: int) -> None:
        self.log = folder / f"{oi}.log"
        url = database.render_as_string(hide_password=False)
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.collector.puppet",
                    url,
                    str(folder / str(oi)),
                    str(oi),
                ],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def hand(self, second: int, *exchanges: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{second} {' '.join(exchanges)}\n")
        self.process.stdin.flush()

    def said(self, sentence: str) -> int:
        return self.log.read_text(encoding="utf-8").count(sentence)

    def end(self) -> None:
        self.process.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


Pair = tuple[Puppet, Puppet]


@pytest.fixture
def pair(database: URL, engine: Engine, tmp_path: Path) -> Iterator[Pair]:
    """A leader of both keys and a standby, after their first mark."""
    made: list[Puppet] = []
    try:
        for oi in (FIRST, SECOND):
            made.append(Puppet(database, tmp_path, oi))
            made[-1].hand(0, *KEYS)
            word = "this collector writes" if oi == FIRST else "this one stands by"
            eventually(lambda word=word: made[-1].said(word) == len(KEYS))
        eventually(lambda: all(written(engine, key) == {0: {FIRST}} for key in KEYS))
        yield made[0], made[1]
    finally:
        for each in made:
            each.end()


def written(engine: Engine, exchange: str = "NSE") -> dict[int, set[int]]:
    """By mark, in seconds after AT, whose figures history holds; each mark is whole."""
    statement = text(
        "SELECT timestamp, oi, count(*) FROM option_chain_snapshots"
        " WHERE exchange = :exchange GROUP BY 1, 2"
    )
    found: dict[int, set[int]] = {}
    with engine.connect() as connection:
        for at, oi, count in connection.execute(statement, {"exchange": exchange}):
            assert count == 10
            found.setdefault(int((at - naive(0)).total_seconds()), set()).add(oi)
    return found


def naive(second: int) -> datetime:
    return (AT + timedelta(seconds=second)).replace(tzinfo=None)


def whose_edge(engine: Engine) -> set[int]:
    statement = text("SELECT DISTINCT oi FROM option_chain_latest WHERE exchange = 'NSE'")
    with engine.connect() as connection:
        return set(connection.scalars(statement))


@pytest.mark.parametrize("of_standby", [30, 34])
def test_a_killed_leader_is_followed_and_each_mark_is_there_once(
    engine: Engine, pair: Pair, of_standby: int
) -> None:
    leader, standby = pair
    leader.hand(30, *KEYS)
    # it may have heard late of a mark that the leader stored on time
    standby.hand(of_standby, *KEYS)
    eventually(lambda: all(30 in written(engine, key) for key in KEYS))
    # of this one the leader never heard
    standby.hand(60, *KEYS)
    leader.process.kill()
    standby.hand(90, *KEYS)
    expected = {0: {FIRST}, 30: {FIRST}, 60: {SECOND}, 90: {SECOND}}
    for key in KEYS:
        eventually(lambda key=key: written(engine, key) == expected)
    assert standby.said("this one stands by") == len(KEYS)
    assert standby.said("this collector writes") == len(KEYS)


def test_a_machine_that_is_lost_with_its_spool_takes_nothing_along_that_was_stored(
    database: URL, engine: Engine, line: Wire, tmp_path: Path
) -> None:
    leader = Puppet(database.set(host="127.0.0.1", port=line.port), tmp_path, FIRST)
    standby = Puppet(database, tmp_path, SECOND)
    spool = tmp_path / str(FIRST)
    try:
        leader.hand(0, "NSE")
        eventually(lambda: leader.said("this collector writes") == 1)
        standby.hand(0, "NSE")
        eventually(lambda: standby.said("this one stands by") == 1)
        for each in (leader, standby):
            each.hand(30, "NSE")
        eventually(lambda: written(engine) == {0: {FIRST}, 30: {FIRST}})
        line.cut()
        # heard by this machine alone, and never told to be stored
        leader.hand(60, "NSE")
        eventually(lambda: list(spool.glob("*.npz")))
        leader.end()
        shutil.rmtree(spool)
        standby.hand(90, "NSE")
        eventually(lambda: written(engine) == {0: {FIRST}, 30: {FIRST}, 90: {SECOND}})
        eventually(lambda: shown(engine) == naive(90))
    finally:
        for each in (leader, standby):
            each.end()


def test_a_frozen_leader_is_followed_and_writes_nothing_when_it_goes_on(
    engine: Engine, pair: Pair
) -> None:
    leader, standby = pair
    leader.process.send_signal(signal.SIGSTOP)
    for second in (30, 60):
        for each in pair:
            each.hand(second, *KEYS)
    for key in KEYS:
        eventually(lambda key=key: written(engine, key) == {0: {FIRST}, 30: {SECOND}, 60: {SECOND}})
    leader.process.send_signal(signal.SIGCONT)
    eventually(lambda: leader.said("this one stands by") == len(KEYS))
    for each in (leader, standby):
        each.hand(90, *KEYS)
        each.hand(95, *KEYS)
    eventually(lambda: shown(engine) == naive(95))
    eventually(lambda: all(90 in written(engine, key) for key in KEYS))
    assert whose_edge(engine) == {SECOND}
    standby.process.kill()
    leader.hand(120, *KEYS)
    expected = {0: {FIRST}, 30: {SECOND}, 60: {SECOND}, 90: {SECOND}, 120: {FIRST}}
    for key in KEYS:
        eventually(lambda key=key: written(engine, key) == expected)


def test_a_leader_that_freezes_within_a_write_does_not_hold_the_takeover_up(
    engine: Engine, pair: Pair
) -> None:
    leader, standby = pair
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted"
        " AND relation = 'option_chain_latest'::regclass"
    )
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE option_chain_latest IN ACCESS EXCLUSIVE MODE"))
        leader.hand(30, "NSE")
        eventually(lambda: connection.scalar(waiting))
        leader.process.send_signal(signal.SIGSTOP)
    standby.hand(30, "NSE")
    standby.hand(60, "NSE")
    eventually(lambda: written(engine) == {0: {FIRST}, 30: {SECOND}, 60: {SECOND}})
    leader.process.send_signal(signal.SIGCONT)
    eventually(lambda: leader.said("another collector writes NSE now"))
    leader.hand(90, "NSE")
    standby.hand(90, "NSE")
    expected = {0: {FIRST}, 30: {SECOND}, 60: {SECOND}, 90: {SECOND}}
    eventually(lambda: written(engine) == expected)


def hand(running: Running, feed: SteeredFeed, second: int, oi: int, *exchanges: str) -> None:
    handled = feed.handled
    for exchange in exchanges:
        feed.hand(chain(AT + timedelta(seconds=second), exchange=exchange, oi=oi))
    running.until(lambda: feed.handled == handled + len(exchanges))


def test_a_leader_that_stops_is_followed(engine: Engine, tmp_path: Path) -> None:
    feeds = SteeredFeed(), SteeredFeed()
    first = Running(engine, feeds[0], tmp_path / "first")
    hand(first, feeds[0], 0, FIRST, "NSE")
    first.until(lambda: first.counts.snapshots == 1)
    second = Running(engine, feeds[1], tmp_path / "second")
    hand(second, feeds[1], 0, SECOND, "NSE")
    second.until(lambda: second.collector._outbox.stands_by("NSE"))
    first.stop()
    hand(second, feeds[1], 30, SECOND, "NSE")
    second.until(lambda: second.counts.snapshots == 1)
    second.stop()
    assert written(engine) == {0: {FIRST}, 30: {SECOND}}


def test_a_mark_that_a_clock_had_stored_too_early_is_not_stored_again(
    engine: Engine, tmp_path: Path
) -> None:
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    # ahead by half a minute for a moment, and late by that clock
    for second in (0, 1, 34, 5, 30, 60):
        hand(running, feed, second, FIRST, "NSE")
    running.until(lambda: 60 in written(engine))
    assert written(engine) == {0: {FIRST}, 34: {FIRST}, 60: {FIRST}}
    running.stop()


def test_a_collector_that_stops_lets_go_of_its_leases(engine: Engine, tmp_path: Path) -> None:
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    hand(running, feed, 0, FIRST, *KEYS)
    running.until(lambda: running.counts.snapshots == 2)
    running.stop()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM collector_leases")) == 0


@pytest.mark.parametrize("first_mark", [30, 34])
def test_what_a_leader_spooled_while_another_led_fills_only_what_is_missing(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path, first_mark: int
) -> None:
    feeds = SteeredFeed(), SteeredFeed()
    first = Running(remote, feeds[0], tmp_path / "first")
    hand(first, feeds[0], 0, FIRST, "NSE", "NSE_MONTHLY")
    first.until(lambda: first.counts.snapshots == 2)
    second = Running(engine, feeds[1], tmp_path / "second")
    hand(second, feeds[1], 0, SECOND, "NSE")
    second.until(lambda: second.collector._outbox.stands_by("NSE"))
    line.cut()
    # the second one misses a mark, and knows nothing of the monthly chain
    for mark in (30, 60, 90):
        of_first = first_mark if mark == 30 else mark
        hand(first, feeds[0], of_first, FIRST, "NSE", "NSE_MONTHLY")
        if mark != 60:
            hand(second, feeds[1], mark, SECOND, "NSE")
    first.until(lambda: first.counts.spooled == 6)
    second.until(lambda: second.counts.snapshots == 2)
    line.mend()
    first.until(lambda: first.counts.snapshots == 2 + 3 + 1)
    first.until(lambda: not list((tmp_path / "first").glob("*.npz")))
    assert written(engine) == {0: {FIRST}, 30: {SECOND}, 60: {FIRST}, 90: {SECOND}}
    assert len(stored(engine, "NSE_MONTHLY")) == 4
    first.stop()
    second.stop()


def test_a_leader_that_comes_back_stores_no_mark_again_under_another_time(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    feeds = SteeredFeed(), SteeredFeed()
    first = Running(remote, feeds[0], tmp_path / "first")
    hand(first, feeds[0], 0, FIRST, "NSE")
    first.until(lambda: first.counts.snapshots == 1)
    second = Running(engine, feeds[1], tmp_path / "second")
    hand(second, feeds[1], 0, SECOND, "NSE")
    second.until(lambda: second.collector._outbox.stands_by("NSE"))
    line.cut()
    hand(second, feeds[1], 30, SECOND, "NSE")
    second.until(lambda: second.counts.snapshots == 1)
    for second_after in (34, 60):
        hand(first, feeds[0], second_after, FIRST, "NSE")
    first.until(lambda: first.counts.spooled == 2)
    second.stop()
    line.mend()
    first.until(lambda: 60 in written(engine))
    assert written(engine) == {0: {FIRST}, 30: {SECOND}, 60: {FIRST}}
    first.stop()


def test_what_a_leader_has_yet_to_reach_waits_in_the_spool_and_holds_no_other_key_up(
    engine: Engine, remote: Engine, line: Wire, tmp_path: Path
) -> None:
    feed = SteeredFeed()
    line.cut()
    running = Running(remote, feed, tmp_path)
    with led(engine, "NSE", "somebody else"):
        for exchange in KEYS:
            hand(running, feed, 0, FIRST, exchange)
        running.until(lambda: running.counts.spooled == 2)
        line.mend()
        running.until(lambda: stored(engine, "BSE") == [naive(0)])
        assert stored(engine, "NSE") == []
        Collector(engine, ReplayFeed(lambda _: [chain(AT, exchange="BANKNIFTY_MONTHLY")])).run()
    running.until(lambda: stored(engine, "NSE") == [naive(0)])
    running.stop()


def test_a_recording_is_not_played_over_what_a_live_collector_writes(engine: Engine) -> None:
    with engine.begin() as connection:
        acquire(connection, "NSE", "somewhere:1:x")
    with pytest.raises(OccupiedError, match=r"A live collector \(somewhere:1:x\) writes NSE;"):
        Collector(engine, ReplayFeed(lambda _: [chain()])).run()
    assert stored(engine) == []
    assert Collector(engine, ReplayFeed(lambda _: [chain(exchange="BSE")])).run().snapshots == 1


def test_a_key_of_which_nothing_is_heard_is_left_to_others() -> None:
    seconds = [0.0]
    trades = [True]
    leadership = Leadership(30, "one", clock=lambda: seconds[0], trades=lambda: trades[0])
    due: Callable[[], list[str]] = lambda: list(leadership.due({"NSE": 0.0}))  # noqa: E731
    assert due() == ["NSE"]
    assert leadership.learn("NSE", 1)
    assert due() == []
    seconds[0] = 1.0
    assert due() == ["NSE"]
    seconds[0] = QUIET_S
    assert due() == []
    # after the session nobody has anything to say, and nothing changes hands
    trades[0] = False
    assert due() == ["NSE"]
