"""The archive as Parquet: every value as it was, proved by reading it back."""

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import URL

from db.archive import moving, parquet
from db.archive.errors import ArchiveError
from db.cli.archive import command

pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def exported(archived_database: URL, tmp_path: Path) -> Path:
    """A folder with every archived chunk."""
    moving.run(archived_database, "readings")
    parquet.export(archived_database, "readings", tmp_path)
    return tmp_path


def test_files_hold_every_value_as_the_archive_has_it(
    exported: Path, session: psycopg.Connection
) -> None:
    archived = session.execute("SELECT * FROM archive.readings ORDER BY id").fetchall()

    tables = [pq.read_table(file) for file in sorted(exported.glob("*.parquet"))]

    rows = [tuple(row.values()) for table in tables for row in table.to_pylist()]
    assert sorted(rows) == archived


def test_manifest_counts_what_the_files_hold(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())

    files = {file["file"]: file["rows"] for file in manifest["files"]}
    assert files == {
        file.name: pq.read_metadata(file).num_rows for file in exported.glob("*.parquet")
    }
    assert [column["name"] for column in manifest["columns"]][:3] == ["id", "taken_at", "sensor"]


def test_read_back_proves_every_row(exported: Path, archived_database: URL) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())

    assert parquet.verify(archived_database, exported) == sum(
        file["rows"] for file in manifest["files"]
    )


def test_a_changed_file_is_found(exported: Path, archived_database: URL) -> None:
    victim = sorted(exported.glob("*.parquet"))[0]
    table = pq.read_table(victim)
    pq.write_table(table.slice(1), victim)

    with pytest.raises(ArchiveError, match=victim.name):
        parquet.verify(archived_database, exported)


def test_a_file_that_matches_its_digest_but_not_the_archive_is_found(
    exported: Path, archived_database: URL
) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    manifest["files"][0]["checksum"] = "1"
    (exported / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(ArchiveError, match="not the"):
        parquet.verify(archived_database, exported)


def test_a_second_export_writes_only_what_changed(
    exported: Path, archived_database: URL, session: psycopg.Connection
) -> None:
    files = sorted(exported.glob("*.parquet"))
    before = {file: file.stat().st_mtime_ns for file in files}
    session.execute(
        "UPDATE archive.readings SET celsius = -1 "
        "WHERE taken_at = (SELECT min(taken_at) FROM archive.readings)"
    )

    parquet.export(archived_database, "readings", exported)

    changed = [file for file in files if file.stat().st_mtime_ns != before[file]]
    assert changed == files[:1]


def test_the_command_runs_exports_verifies_and_restores(
    archived_database: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.database_url", lambda: archived_database)

    def call(*arguments: str):
        result = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert call("run", "readings")["chunks"] == 29
    rows = sum(file["rows"] for file in call("export", "readings", str(tmp_path)))
    assert call("verify", str(tmp_path))["rows"] == rows
    (status,) = call("status")
    assert status["archived"]["chunks"] == len(list(tmp_path.glob("*.parquet")))
    restored = call("restore", "readings", "--from", "2000-01-01", "--to", "2100-01-01")
    assert restored["rows"] == rows


@pytest.mark.parametrize("text", ["", "[]", '{"files": [{"file": "x"}], "columns": []}'])
def test_a_manifest_that_is_none_is_named(
    exported: Path, archived_database: URL, text: str
) -> None:
    (exported / "manifest.json").write_text(text)

    with pytest.raises(ArchiveError, match=r"manifest\.json is no manifest of an export"):
        parquet.verify(archived_database, exported)
    with pytest.raises(ArchiveError, match=r"manifest\.json is no manifest of an export"):
        parquet.export(archived_database, "readings", exported)


def test_a_folder_that_cannot_be_written_is_named(archived_database: URL, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")

    with pytest.raises(ArchiveError, match=r"/file.* cannot be used: "):
        parquet.export(archived_database, "readings", taken / "folder")


def test_a_table_without_an_archive_leaves_no_folder(
    archived_database: URL, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match="has no archive policy"):
        parquet.export(archived_database, "nothing", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_another_tables_export_is_not_written_over(exported: Path, archived_database: URL) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    manifest["table"] = "public.others"
    (exported / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(ArchiveError, match=r"holds the export of public\.others"):
        parquet.export(archived_database, "readings", exported)
