"""Snapshots survive on disk, in order, unchanged, and never without bound."""

import stat
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from app.collector.spool import Spool
from db.market.ticks import EDGE_FIELDS, EnrichedSnapshot
from tests.collector.chains import AT, chain


def snapshot(second: int, exchange: str = "NSE", oi: int = 7_500) -> EnrichedSnapshot:
    memory = Memory([moment_of(chain(AT + timedelta(seconds=second - 180), exchange=exchange))])
    at = AT + timedelta(seconds=second)
    return enriched(chain(at, oi=oi, exchange=exchange), memory, source="live")


def drained(spool: Spool) -> list[EnrichedSnapshot]:
    found = []
    while (held := spool.oldest()) is not None:
        found.append(held[1])
        spool.done(held[0])
    return found


def seconds(snapshots: list[EnrichedSnapshot]) -> list[tuple[float, str]]:
    return [((each.timestamp - AT).total_seconds(), each.exchange) for each in snapshots]


def test_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    index_at = (AT - timedelta(seconds=7)).astimezone(UTC)
    given = replace(snapshot(0), underlying_at=index_at, lot_size=65)
    Spool(tmp_path / "spool").add(given)
    (found,) = drained(Spool(tmp_path / "spool"))
    for name in EDGE_FIELDS:
        kept, was = getattr(found.options, name), getattr(given.options, name)
        assert kept.dtype == was.dtype, name
        np.testing.assert_array_equal(kept, was, err_msg=name)
    assert found.timestamp == given.timestamp
    assert found.timestamp.utcoffset() == timedelta(hours=5, minutes=30)
    assert found.features == given.features
    context = ("exchange", "underlying_price", "future_price", "future_oi", "vix", "atm_strike")
    given_beside = ("forward", "source", "has_changes", "underlying_at", "lot_size")
    for name in (*context, *given_beside):
        assert getattr(found, name) == getattr(given, name), name


def test_the_oldest_comes_first_whatever_the_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for second, exchange in ((60, "NSE"), (0, "NSE"), (30, "BSE"), (30, "NSE")):
        spool.add(snapshot(second, exchange))
    assert len(Spool(tmp_path)) == 4
    expected = [(0, "NSE"), (30, "BSE"), (30, "NSE"), (60, "NSE")]
    assert seconds(drained(Spool(tmp_path))) == expected


def test_of_several_states_of_one_instant_the_last_is_stored_last(tmp_path: Path) -> None:
    Spool(tmp_path).add(snapshot(0, oi=1))
    spool = Spool(tmp_path)
    spool.add(snapshot(0, oi=2))
    spool.add(snapshot(0, oi=3))
    assert [each.options.oi[0] for each in drained(Spool(tmp_path))] == [1, 2, 3]


def test_a_snapshot_is_gone_once_it_is_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add(snapshot(0))
    assert len(drained(spool)) == 1
    assert (len(spool), list(tmp_path.iterdir())) == (0, [])


def test_it_knows_whether_something_earlier_waits(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert not spool.holds_before("NSE", AT)
    spool.add(snapshot(30))
    assert not spool.holds_before("NSE", AT + timedelta(seconds=30))
    assert spool.holds_before("NSE", AT + timedelta(seconds=30.5))


def test_a_full_spool_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, limit=2)
    for second in (0, 30, 60):
        spool.add(snapshot(second))
    assert (spool.dropped, len(list(tmp_path.iterdir()))) == (1, 2)
    assert seconds(drained(spool)) == [(30, "NSE"), (60, "NSE")]


@pytest.mark.parametrize("keep", [0, 10, 3_000])
def test_a_file_that_cannot_be_read_is_set_aside_and_counted(tmp_path: Path, keep: int) -> None:
    spool = Spool(tmp_path)
    torn = spool.add(snapshot(0))
    torn.write_bytes(torn.read_bytes()[:keep])
    spool.add(snapshot(30))
    assert seconds(drained(spool)) == [(30, "NSE")]
    assert spool.unreadable == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".unreadable"]
    assert len(Spool(tmp_path)) == 0


def test_a_file_that_is_damaged_within_is_set_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    path = spool.add(snapshot(0))
    held = path.read_bytes()
    middle = len(held) // 2
    path.write_bytes(
        held[:middle] + bytes(b ^ 0xFF for b in held[middle : middle + 64]) + held[middle + 64 :]
    )
    assert drained(spool) == []
    assert spool.unreadable == 1


def test_a_write_that_was_cut_short_is_no_snapshot_and_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "20251204T095900.000000-0000000001-NSE.partial").write_bytes(b"{")
    assert drained(Spool(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_was_never_needed_makes_no_folder(tmp_path: Path) -> None:
    assert len(Spool(tmp_path / "spool")) == 0
    assert not (tmp_path / "spool").exists()


def test_files_are_for_the_collectors_account_alone(tmp_path: Path) -> None:
    path = Spool(tmp_path / "spool").add(snapshot(0))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_cannot_be_written_is_as_if_nothing_was_tried(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file stands where the folder should")
    spool = Spool(tmp_path / "spool")
    with pytest.raises(OSError, match="spool"):
        spool.add(snapshot(0))
    assert (len(spool), spool.oldest()) == (0, None)


def test_collectors_that_share_a_folder_leave_each_others_files_whole(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    first.add(snapshot(0))
    second = Spool(tmp_path)
    found = first.oldest()
    assert found is not None
    first.done(found[0])
    assert second.oldest() is None
    assert (len(second), second.unreadable) == (0, 0)
    assert list(tmp_path.iterdir()) == []
