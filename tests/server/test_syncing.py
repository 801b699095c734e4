"""What a long job has the system write as it goes, and where it can."""

import threading
from pathlib import Path

import pytest

from db import syncing
from db.convert.session import connect, fetching
from db.server.cluster import LocalServer
from db.server.home import open_home


def test_the_file_system_of_a_durable_server_on_this_machine_is_found(ready_home: Path) -> None:
    server = LocalServer(open_home(ready_home))
    try:
        with connect(server.start()) as session:
            found = syncing.file_systems(fetching(session))
            session.execute("CREATE ROLE plain_reader")
            session.execute("SET ROLE plain_reader")
            hidden = syncing.file_systems(fetching(session))
    finally:
        server.stop()
    assert list(found) == [ready_home.stat().st_dev]
    assert not hidden


def test_a_server_that_waits_for_no_disk_is_left_alone(local_server: LocalServer) -> None:
    with connect(local_server.start()) as session:
        assert not syncing.file_systems(fetching(session))


def test_the_nearest_directory_that_can_be_opened_stands_for_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    closed = {data}
    monkeypatch.setattr(syncing.os, "access", lambda path, mode: path not in closed)

    def places(query: str) -> dict[str, object]:
        return {"data": str(data), "tablespaces": [str(tmp_path / "none"), str(tmp_path)]}

    assert syncing.file_systems(places) == {tmp_path.stat().st_dev: tmp_path}


def test_each_file_system_is_synced_by_the_outermost_block_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = syncing._syncfs()
    assert real is not None
    called, results, twice = threading.Event(), [], threading.Event()

    def sync(directory: int) -> int:
        if results:
            twice.set()
        results.append((threading.current_thread().name, real(directory)))
        called.set()
        return 0

    monkeypatch.setattr(syncing, "_syncfs", lambda: sync)
    monkeypatch.setattr(syncing, "_gathered_kb", lambda: syncing._MUCH_KB)
    places = {tmp_path.stat().st_dev: tmp_path}
    with syncing.synced(places):
        assert called.wait(10)
        with syncing.synced(places):
            twice.clear()
            assert twice.wait(10)
    assert {result for _, result in results} == {0}
    assert len({name for name, _ in results}) == 1
    ended = len(results)
    assert not threading.Event().wait(3 * syncing._LOOK_S)
    assert len(results) == ended
    with syncing.synced(places):
        twice.clear()
        assert twice.wait(10)


def test_little_is_left_to_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, called = threading.Event(), threading.Event()
    memory = tmp_path / "meminfo"
    memory.write_text("MemFree:    20123456 kB\nDirty:           16383 kB\nWriteback:  0 kB\n")
    monkeypatch.setattr(syncing, "_MEMORY", memory)
    monkeypatch.setattr(syncing, "_syncfs", lambda: lambda directory: called.set() or 0)
    gathered = syncing._gathered_kb

    def look() -> float:
        looked.set()
        return gathered()

    monkeypatch.setattr(syncing, "_gathered_kb", look)
    with syncing.synced({tmp_path.stat().st_dev: tmp_path}):
        assert looked.wait(10)
        looked.clear()
        assert looked.wait(10)
        assert not called.is_set()
        memory.write_text("Dirty:           16384 kB\n")
        assert called.wait(10)
        called.clear()
        memory.unlink()
        assert called.wait(10)


def test_an_error_inside_ends_the_syncing(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), syncing.synced({tmp_path.stat().st_dev: tmp_path}):
        assert 1 / 0
    assert threading.active_count() == before
    assert not syncing._synced


def test_a_directory_that_is_gone_keeps_nobody_from_work(tmp_path: Path) -> None:
    before = threading.active_count()
    with syncing.synced({tmp_path.stat().st_dev: tmp_path / "gone"}):
        assert threading.active_count() == before
    assert not syncing._synced


def test_nothing_to_sync_starts_nothing() -> None:
    before = threading.active_count()
    with syncing.synced({}):
        assert threading.active_count() == before
