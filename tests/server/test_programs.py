"""Installed servers are found by their TimescaleDB files, Community before Apache."""

from pathlib import Path

import pytest

from db.server import programs as discovery
from db.server.programs import installed_programs, programs_in


def install(
    folder: Path, version: str, timescaledb: str | None = "2.28.3", *, community: bool = False
) -> Path:
    """Lay out a PostgreSQL that answers pg_config; its folder of programs."""
    bin_dir, libraries, extensions = folder / "bin", folder / "lib", folder / "share/extension"
    for made in (bin_dir, libraries, extensions):
        made.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres", "psql"):
        (bin_dir / name).write_text("#!/bin/sh\n", encoding="utf-8")
    (bin_dir / "pg_config").write_text(
        f'#!/bin/sh\necho "SHAREDIR = {folder}/share"\necho "PKGLIBDIR = {libraries}"\n'
        f"""echo "CONFIGURE =  '--with-lz4'"\necho "VERSION = PostgreSQL {version} (Debian)"\n""",
        encoding="utf-8",
    )
    for program in bin_dir.iterdir():
        program.chmod(0o755)
    if timescaledb:
        control = f"default_version = '{timescaledb}'\n"
        (extensions / "timescaledb.control").write_text(control, encoding="utf-8")
        (libraries / f"timescaledb-{timescaledb}.so").touch()
    if community:
        (libraries / f"timescaledb-tsl-{timescaledb}.so").touch()
    return bin_dir


@pytest.fixture
def only_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only place where servers are looked for."""
    monkeypatch.setattr(discovery, "_USUAL_PLACES", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(discovery.shutil, "which", lambda _name: None)
    return tmp_path


def test_nothing_installed_is_none(only_here: Path) -> None:
    assert installed_programs(None) is None


def test_a_server_without_timescaledb_is_no_server(only_here: Path) -> None:
    install(only_here / "17", "17.4", timescaledb=None)
    assert installed_programs(None) is None


def test_a_server_older_than_15_is_no_server(only_here: Path) -> None:
    install(only_here / "14", "14.11")
    assert installed_programs(None) is None


def test_a_control_file_without_its_library_is_no_server(only_here: Path) -> None:
    bin_dir = install(only_here / "17", "17.4")
    (only_here / "17/lib/timescaledb-2.28.3.so").unlink()
    assert programs_in(bin_dir, None) is None


def test_community_goes_before_a_newer_apache(only_here: Path) -> None:
    install(only_here / "17", "17.4", "2.19.3")
    community = install(only_here / "16", "16.8", "2.28.3", community=True)
    found = installed_programs(None)
    assert found is not None
    assert (found.bin_dir, found.edition) == (community, "community")
    assert (found.version, found.timescaledb_version) == ("16.8", "2.28.3")


def test_the_newest_of_one_edition_is_taken(only_here: Path) -> None:
    install(only_here / "16", "16.8")
    install(only_here / "17", "17beta2")
    found = installed_programs(None)
    assert found is not None
    assert (found.major, found.version) == (17, "17beta2")


def test_existing_data_ask_for_their_own_version(only_here: Path) -> None:
    install(only_here / "16", "16.8")
    install(only_here / "17", "17.4", community=True)
    found = installed_programs(None, major=16)
    assert found is not None
    assert found.major == 16


def test_what_the_libraries_offer_is_known(only_here: Path) -> None:
    bin_dir = install(only_here / "17", "17.4")
    bare = programs_in(bin_dir, None)
    (only_here / "17/share/extension/pg_cron.control").touch()
    (only_here / "17/lib/pg_cron.so").touch()
    with_cron = programs_in(bin_dir, None)
    assert bare is not None
    assert with_cron is not None
    assert (bare.has_pg_cron, with_cron.has_pg_cron, bare.has_lz4) == (False, True, True)
