"""Snapshots survive on disk, in order, unchanged, and never without bound."""

from datetime import timedelta
from pathlib import Path

from app.collector.enrich import enriched
from app.collector.memory import Memory
from app.collector.spool import Spool
from db.market.ticks import EnrichedSnapshot
from tests.collector.chains import AT, chain


def snapshot(second: int, exchange: str = "NSE") -> EnrichedSnapshot:
    return enriched(chain(AT + timedelta(seconds=second), exchange=exchange), Memory())


def test_what_comes_out_is_what_went_in_oldest_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    kept = [snapshot(60), snapshot(0), snapshot(30, "BSE"), snapshot(30)]
    for each in kept:
        spool.add(each)
    assert len(spool) == 4
    found = [each for _, each in Spool(tmp_path / "spool").oldest_first()]
    assert found == [kept[1], kept[2], kept[3], kept[0]]
    assert found[0].timestamp.utcoffset() == timedelta(hours=5, minutes=30)


def test_a_snapshot_is_gone_once_it_is_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(snapshot(0))
    for path, _ in spool.oldest_first():
        spool.done(path)
    assert len(spool) == 0


def test_a_full_spool_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, limit=2)
    for second in (0, 30, 60):
        spool.add(snapshot(second))
    assert spool.dropped == 1
    assert [each.timestamp - AT for _, each in spool.oldest_first()] == [
        timedelta(seconds=30),
        timedelta(seconds=60),
    ]


def test_a_file_that_cannot_be_read_is_set_aside_and_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(snapshot(0))
    (tmp_path / "20251204T095900.000000-NSE.json").write_bytes(b'{"timestamp": ')
    assert [each for _, each in spool.oldest_first()] == [snapshot(0)]
    assert spool.unreadable == 1
    assert len(spool) == 1


def test_a_write_that_was_cut_short_is_no_snapshot(tmp_path: Path) -> None:
    (tmp_path / "20251204T095900.000000-NSE.partial").write_bytes(b"{")
    assert list(Spool(tmp_path).oldest_first()) == []


def test_a_spool_that_was_never_needed_makes_no_folder(tmp_path: Path) -> None:
    assert len(Spool(tmp_path / "spool")) == 0
    assert not (tmp_path / "spool").exists()
