"""What computes never waits for who writes; what is to be stored is lost only when counted."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.collector import outbox as boxes
from app.collector.counts import Counts
from app.collector.enrich import enriched
from app.collector.memory import Memory
from app.collector.outbox import AT_HAND, HELD_BACK, Outbox
from app.collector.spool import Spool
from db.market.ticks import EnrichedSnapshot
from tests.collector.chains import AT, chain
from tests.support.waiting import eventually


def snapshot(mark: int, exchange: str = "NSE") -> EnrichedSnapshot:
    return enriched(chain(AT + timedelta(seconds=30 * mark), exchange=exchange), Memory())


class Box:
    """An outbox with its counts and the folder of its spool."""

    def __init__(self, folder: Path, spool: Spool | None = None) -> None:
        self.folder = folder
        self.counts = Counts()
        self.outbox = Outbox(self.counts, Spool(folder) if spool is None else spool)
        self.outbox.start()

    @property
    def files(self) -> int:
        return len(list(self.folder.glob("*.npz")))

    def drained(self) -> list[int]:
        """The marks of everything that waits, as a writer meets them."""
        found = []
        while (waiting := self.outbox.next_snapshot()) is not None:
            found.append(int((waiting.snapshot.timestamp - AT).total_seconds() / 30))
            self.outbox.done(waiting)
        return found


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    made: list[Box] = []

    def box(spool: Spool | None = None) -> Box:
        made.append(Box(tmp_path / "spool", spool))
        return made[-1]

    yield box
    for each in made:
        each.outbox.close()


def test_a_few_snapshots_wait_in_memory_and_the_older_ones_on_disk(
    make: Callable[..., Box],
) -> None:
    box = make()
    for mark in range(AT_HAND + 5):
        box.outbox.store(snapshot(mark))
    eventually(lambda: box.files == 5)
    assert box.drained() == list(range(AT_HAND + 5))
    assert (box.files, box.counts.spooled) == (0, 5)


def test_while_the_database_is_away_every_snapshot_goes_to_disk(make: Callable[..., Box]) -> None:
    box = make()
    box.outbox.store(snapshot(0))
    box.outbox.database_is(away=True)
    box.outbox.store(snapshot(1))
    eventually(lambda: box.files == 2)
    box.outbox.database_is(away=False)
    box.outbox.store(snapshot(2))
    assert box.drained() == [0, 1, 2]


def test_what_is_in_a_writers_hand_is_safe_on_disk_and_gone_once_it_is_done(
    make: Callable[..., Box],
) -> None:
    box = make()
    box.outbox.store(snapshot(0))
    waiting = box.outbox.next_snapshot()
    assert waiting is not None
    box.outbox.database_is(away=True)
    eventually(lambda: box.files == 1)
    box.outbox.done(waiting)
    assert box.files == 0
    assert box.outbox.next_snapshot() is None


def test_what_a_writer_finishes_while_it_is_put_on_disk_is_gone(
    make: Callable[..., Box], tmp_path: Path
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class SlowSpool(Spool):
        def add(self, snapshot: EnrichedSnapshot) -> Path:
            begun.set()
            assert go_on.wait(30)
            return super().add(snapshot)

    box = make(SlowSpool(tmp_path / "spool"))
    box.outbox.store(snapshot(0))
    box.outbox.database_is(away=True)
    assert begun.wait(30)
    waiting = box.outbox.next_snapshot()
    assert waiting is not None
    box.outbox.done(waiting)
    go_on.set()
    eventually(lambda: box.counts.spooled == 1 and box.files == 0)
    assert box.outbox.next_snapshot() is None


def test_a_disk_that_stands_still_holds_nobody_up(make: Callable[..., Box], tmp_path: Path) -> None:
    go_on = threading.Event()

    class StandingSpool(Spool):
        def add(self, snapshot: EnrichedSnapshot) -> Path:
            assert go_on.wait(60)
            return super().add(snapshot)

    box = make(StandingSpool(tmp_path / "spool"))
    for mark in range(AT_HAND + 20):
        box.outbox.store(snapshot(mark))
    go_on.set()
    eventually(lambda: box.files == 20)
    assert box.drained() == list(range(AT_HAND + 20))


def test_a_folder_that_cannot_be_made_is_a_spool_that_takes_nothing(
    make: Callable[..., Box], tmp_path: Path
) -> None:
    (tmp_path / "spool").write_text("a file stands where the folder should")
    box = make()
    box.outbox.database_is(away=True)
    box.outbox.store(snapshot(0))
    eventually(lambda: box.counts.unspooled == 1)
    assert box.drained() == [0]


class FullSpool(Spool):
    """On a disk without room, until there is some."""

    is_full = True

    def add(self, snapshot: EnrichedSnapshot) -> Path:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().add(snapshot)


def test_without_room_on_disk_snapshots_wait_in_memory_said_once(
    make: Callable[..., Box],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(boxes.Backoff, "next_s", lambda self: 0.01)
    spool = FullSpool(tmp_path / "spool")
    box = make(spool)
    box.outbox.database_is(away=True)
    for mark in range(AT_HAND + 5):
        box.outbox.store(snapshot(mark))
    eventually(lambda: box.counts.unspooled == 1)
    assert box.drained()[0] == 0
    box.outbox.store(snapshot(99))
    eventually(lambda: box.counts.unspooled == 2)
    spool.is_full = False
    eventually(lambda: box.files == 1)
    assert box.drained() == [99]
    assert caplog.text.count("No space left on device") == 1


def test_without_any_room_the_oldest_goes_and_is_counted(
    make: Callable[..., Box], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boxes, "MOST_AT_HAND", 10)
    box = make(FullSpool(tmp_path / "spool"))
    for mark in range(10):
        box.outbox.store(snapshot(mark))
    waiting = box.outbox.next_snapshot()
    assert waiting is not None
    for mark in range(10, 13):
        box.outbox.store(snapshot(mark))
    assert box.drained() == [0, *range(4, 13)]
    box.outbox.close()
    assert (box.counts.dropped, box.counts.waiting) == (3, 0)


def test_what_is_left_at_the_end_is_on_disk_for_the_next(make: Callable[..., Box]) -> None:
    box = make()
    for mark in range(3):
        box.outbox.store(snapshot(mark))
    box.outbox.close()
    assert (box.files, box.counts.waiting, box.counts.dropped) == (3, 3, 0)
    assert make().drained() == [0, 1, 2]


def test_of_each_chain_the_newest_state_waits_for_the_live_edge(make: Callable[..., Box]) -> None:
    box = make()
    states = [snapshot(0), snapshot(1), snapshot(0, "BSE")]
    for each in states:
        box.outbox.show(each)
    assert box.outbox.next_edge(lambda exchange: exchange == "BSE") is states[2]
    assert box.outbox.next_edge(lambda exchange: True) is states[1]
    assert box.outbox.next_edge(lambda exchange: True) is None


def test_a_state_that_could_not_be_shown_waits_unless_a_newer_one_does(
    make: Callable[..., Box],
) -> None:
    box = make()
    older, newer = snapshot(0), snapshot(1)
    box.outbox.keep_edge(older)
    assert box.outbox.next_edge(lambda exchange: True) is older
    box.outbox.show(newer)
    box.outbox.keep_edge(older)
    assert box.outbox.next_edge(lambda exchange: True) is newer


def test_a_recording_waits_for_room_and_loses_nothing() -> None:
    outbox, taken = Outbox(Counts()), []
    marks = range(3 * HELD_BACK)
    given = [snapshot(mark) for mark in marks]
    thread = threading.Thread(target=lambda: [outbox.store(each) for each in given])
    thread.start()
    while len(taken) < len(given):
        waiting = outbox.next_snapshot()
        if waiting is None:
            outbox.wait(1.0)
            continue
        taken.append(waiting.snapshot)
        outbox.done(waiting)
    thread.join(30)
    assert taken == given


def test_a_recording_that_waits_for_room_is_released_by_the_end() -> None:
    outbox = Outbox(Counts())
    thread = threading.Thread(
        target=lambda: [outbox.store(snapshot(mark)) for mark in range(2 * HELD_BACK)]
    )
    thread.start()
    outbox.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert outbox.is_over


def test_it_is_over_when_everything_is_taken_or_the_rest_is_on_disk(
    make: Callable[..., Box],
) -> None:
    box = make()
    box.outbox.store(snapshot(0))
    box.outbox.end()
    assert not box.outbox.is_over
    box.outbox.database_is(away=True)
    assert box.outbox.is_over
    box.outbox.database_is(away=False)
    assert box.drained() == [0]
    assert box.outbox.is_over


def test_of_a_key_that_another_collector_writes_the_last_minute_is_held(
    make: Callable[..., Box],
) -> None:
    box = make()
    box.outbox.stand_by("NSE")
    for mark in range(5):
        box.outbox.store(snapshot(mark))
    box.outbox.store(snapshot(5, "BSE"))
    assert box.drained() == [5]
    box.outbox.lead("NSE")
    assert box.drained() == [2, 3, 4]


def test_while_the_database_is_away_what_is_held_goes_to_disk_too(
    make: Callable[..., Box],
) -> None:
    box = make()
    box.outbox.stand_by("NSE")
    box.outbox.store(snapshot(0))
    box.outbox.database_is(away=True)
    box.outbox.store(snapshot(1))
    eventually(lambda: box.files == 2)
    box.outbox.database_is(away=False)
    box.outbox.store(snapshot(2))
    assert box.drained() == [0, 1]


def test_only_wanted_keys_are_handed_out(make: Callable[..., Box]) -> None:
    box = make()
    box.outbox.database_is(away=True)
    box.outbox.store(snapshot(0))
    box.outbox.store(snapshot(1, "BSE"))
    eventually(lambda: box.files == 2)
    box.outbox.database_is(away=False)
    box.outbox.store(snapshot(2, "NSE_MONTHLY"))
    for wanted in ("BSE", "NSE_MONTHLY", "NSE"):
        waiting = box.outbox.next_snapshot(lambda key, wanted=wanted: key == wanted)
        assert waiting is not None
        assert waiting.snapshot.exchange == wanted
    assert box.outbox.next_snapshot(lambda _: False) is None
    assert box.outbox.is_clear_before("BSE", snapshot(1).timestamp)
    assert not box.outbox.is_clear_before("NSE", snapshot(1).timestamp)
