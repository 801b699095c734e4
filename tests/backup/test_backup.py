"""What is backed up comes back whole on both editions, and whatever does not is named."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import URL

from db.backup import BackupError, backup, restore
from db.backup.inventory import differences, inventory
from db.backup.manifest import Manifest
from tests.support.databases import DatabaseServer, connection
from tests.support.paths import ROOT

_ROWS = "SELECT count(*) FROM option_chain_snapshots"


def call(url: URL, *arguments: object) -> "subprocess.CompletedProcess[str]":
    named = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-m", "db", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OI_DATABASE_URL": named},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@contextlib.contextmanager
def another(server: DatabaseServer, name: str) -> Iterator[URL]:
    """A database's name that is free, and dropped afterwards."""
    url = server.url(f"{server.admin_url.database}_{name}_{os.getpid()}")
    try:
        yield url
    finally:
        with connection(server.admin_url) as session:
            session.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                    sql.Identifier(str(url.database))
                )
            )


def things(url: URL) -> dict[str, dict[str, str]]:
    with connection(url) as session:
        return inventory(session)


def test_a_backup_comes_back_with_every_row_index_policy_and_rollup(
    server: DatabaseServer, held: URL, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    made = call(held, "backup", folder, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["things"]["index"] > 20
    assert told["things"]["policy" if server.edition == "community" else "hypertable"] >= 1
    assert not list(tmp_path.glob("*.part-*"))
    with another(server, "restored") as url:
        done = call(held, "restore", folder, "--into", url.database)
        assert done.returncode == 0, done.stderr
        assert "All of it is as it was backed up." in done.stdout
        with connection(held) as before, connection(url) as after:
            for query in (_ROWS, "SELECT count(*) FROM oi_1m", "SHOW TimeZone"):
                assert before.execute(query).fetchone() == after.execute(query).fetchone()
        # what was restored is a database like any other: it takes rows, and has no differences
        checked = call(url, "status", "--json")
        assert json.loads(checked.stdout)["differences"] == []


CHANGES = {
    "a row": "DELETE FROM option_chain_snapshots WHERE strike = 26000 AND exchange = 'NSE'",
    "an index": "DROP INDEX option_chain_snapshots_contract_idx",
    "a constraint": "ALTER TABLE alerts DROP CONSTRAINT alerts_pkey CASCADE",
    "a function": "DROP FUNCTION live_edge.open_stage()",
    "a grant": "GRANT SELECT ON chain_summary TO PUBLIC",
}


def test_whatever_is_missing_or_new_is_named(held: URL) -> None:
    before = things(held)
    assert differences(before, things(held)) == []
    for change in CHANGES.values():
        with connection(held) as session:
            session.execute(change)
        after = things(held)
        assert differences(before, after), change
        before = after


def test_a_database_that_holds_something_is_left_alone(held: URL, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    backup(held, folder, jobs=1, say=print)
    before = things(held)
    with pytest.raises(BackupError, match="holds something already"):
        restore(folder, held, say=print)
    assert things(held) == before


def test_a_restore_that_fails_leaves_no_database(
    server: DatabaseServer, held: URL, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    backup(held, folder, jobs=1, say=print)
    for data in (folder / "dump").glob("*.dat.gz"):
        data.write_bytes(data.read_bytes()[:10])
    with another(server, "broken") as url:
        with pytest.raises(BackupError, match="pg_restore failed"):
            restore(folder, url, say=print)
        with connection(server.admin_url) as session:
            known = session.execute(
                "SELECT count(*) FROM pg_database WHERE datname = %s", [url.database]
            )
            assert known.fetchone() == (0,)


def test_roles_that_are_missing_are_named_before_anything_is_made(
    server: DatabaseServer, held: URL, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    manifest = backup(held, folder, jobs=1, say=print)
    Manifest(
        **{
            name: getattr(manifest, name)
            for name in Manifest.__slots__  # type: ignore[attr-defined]
            if name != "roles"
        },
        roles=["oi_nobody_here"],
    ).write(folder)
    with another(server, "roleless") as url:
        with pytest.raises(BackupError, match="oi_nobody_here"):
            restore(folder, url, say=print)
        done = restore(folder, url, with_roles=False, say=print)
        assert done.differences == []


@pytest.mark.parametrize("missing", ["manifest.json", "dump"])
def test_a_folder_without_a_backup_is_none(tmp_path: Path, missing: str) -> None:
    (tmp_path / "manifest.json").write_text("{}" if missing == "dump" else "")
    with pytest.raises(BackupError, match="holds no backup"):
        restore(tmp_path, URL.create("postgresql", database="x"), say=print)


def test_a_folder_that_is_there_is_never_written_into(held: URL, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is there already"):
        backup(held, tmp_path, jobs=1, say=print)
