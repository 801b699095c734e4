"""Logs are private, bounded, kept from one start to the next, and outlive a full disk."""

import stat
from pathlib import Path

from app.demo.logs import Log
from tests.support.disks import small_disk


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_read_a_log_even_one_that_was_open_to_all(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o755)
    (folder / "web.log").write_text("earlier\n")
    (folder / "web.log").chmod(0o644)
    log = Log(folder / "web.log")
    log.write(b"now\n")
    assert log.path.read_text() == "earlier\nnow\n"
    assert (mode(folder), mode(log.path)) == (0o700, 0o600)
    log.close()


def test_the_last_of_what_was_said_is_kept_within_a_bound(tmp_path: Path) -> None:
    log = Log(tmp_path / "logs" / "web.log", limit_bytes=100)
    for number in range(1000):
        log.write(b"line %03d\n" % number)
    log.close()
    files = sorted(log.path.parent.iterdir())
    assert [path.name for path in files] == ["web.log", "web.log.1"]
    assert all(path.stat().st_size <= 100 for path in files)
    kept = (files[1].read_text() + files[0].read_text()).split()[1::2]
    assert kept == [f"{number:03d}" for number in range(1000 - len(kept), 1000)]
    assert len(kept) > 11


def test_lines_that_found_no_room_are_counted_where_they_are_missing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        log = Log(disk / "logs" / "web.log")
        log.write(b"before\n")
        filler = disk / "filler"
        fill_up(filler)
        for _ in range(2000):
            log.write(b"x" * 99 + b"\n")
        assert "missing" not in log.path.read_text()
        filler.unlink()
        log.write(b"after\n")
        log.close()
        text = log.path.read_text()
    assert text.startswith("before\n")
    assert text.endswith("lines are missing here: no room for them)\nafter\n")


def fill_up(path: Path) -> None:
    try:
        with path.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
    except OSError:
        assert path.stat().st_size > 0
