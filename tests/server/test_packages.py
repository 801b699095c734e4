"""Debian's packages are chosen, unpacked whole or not at all, and run where they lie."""

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from db.errors import ServerError
from db.server import apt, packages
from db.server.account import unprivileged_account
from db.server.packages import private_programs, wanted_packages
from db.server.programs import Programs
from tests.support.disks import small_disk


def silent(_line: str) -> None:
    pass


def test_a_server_takes_libraries_and_leaves_tools_out() -> None:
    closure = ["perl", "libperl5.40", "libllvm19", "libc6", "tzdata", "debconf", "libjson-perl"]
    closure += ["postgresql-17", "postgresql-client-17", "postgresql-client-common", "zlib1g"]
    closure += ["postgresql-17-timescaledb", "libc-l10n", "locales", "libpam-modules"]
    assert wanted_packages(closure) == [
        "libc6",
        "tzdata",
        "postgresql-17",
        "postgresql-client-17",
        "zlib1g",
        "postgresql-17-timescaledb",
    ]


def test_without_apt_the_sentence_names_the_other_ways(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(apt.shutil, "which", lambda _name: None)
    with pytest.raises(ServerError, match=r"OI_DATABASE_URL.*docker compose up"):
        private_programs(home / "programs", None, silent)


def test_without_debians_keys_the_sentence_names_their_package(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(apt, "_KEYRINGS", ())
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get here")
    with pytest.raises(ServerError, match="debian-archive-keyring"):
        private_programs(home / "programs", None, silent)


def test_a_mirror_that_does_not_answer_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get here")
    monkeypatch.setenv("OI_DEBIAN_MIRROR", "http://127.0.0.1:9/debian")
    with pytest.raises(ServerError, match="could not be downloaded"):
        private_programs(home / "programs", None, silent)
    assert not (home / "programs").exists()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(home: Path) -> None:
    with small_disk(home / "small", size_mib=30) as small:
        with pytest.raises(ServerError, match=r"(?i)disk.* full"):
            private_programs(small / "programs", None, silent)
        assert [entry.name for entry in small.iterdir()] == ["programs.lock"]


def test_programs_need_no_library_of_the_system(programs: Programs) -> None:
    root = programs.bin_dir.parents[4]
    if not (root / "complete.json").exists():
        pytest.skip(f"the server is an installed one: {programs}")
    loader = next(root.glob("usr/lib/*/ld-linux*.so*"))
    for name in ("postgres", "initdb", "psql", "pg_dump", "pg_basebackup"):
        listed = subprocess.run(
            [loader, "--list", programs.program(name)], capture_output=True, text=True, check=True
        ).stdout
        paths = [line.split("=> ")[1] for line in listed.splitlines() if "=> /" in line]
        assert paths
        assert all(path.startswith((str(root), "/lib64/ld-")) for path in paths), name


@pytest.mark.network
def test_a_half_made_folder_is_made_anew_once_for_all_who_wait(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as on a system without time zones, which then come from the packages
    monkeypatch.setattr(packages, "_zones_missing", lambda: True)
    folder, data = home / "programs", home / "data"
    half_made = folder / packages._BIN / "postgres"
    half_made.parent.mkdir(parents=True)
    half_made.touch()
    told: list[str] = []
    found: list[Programs] = []

    def install() -> None:
        found.append(private_programs(folder, unprivileged_account(), told.append))

    threads = [threading.Thread(target=install) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert found[0].has_pg_cron
    assert len(told) == 1
    data.mkdir()
    packages.link_time_zones(found[0].bin_dir, data)
    assert (data / "zoneinfo/Asia/Kolkata").is_file()
    assert b"/usr/share/zoneinfo\0" not in found[0].program("postgres").read_bytes()
    moved = home / "moved"
    folder.rename(moved)
    assert not packages._is_complete(moved)
