"""`python -m db import`: one sentence for what is wrong, figures for people and for scripts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from tests.importing.exports import CHAIN, chain, written
from tests.support.paths import ROOT

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def call(url: URL | str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    named = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-m", "db", "import", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OI_DATABASE_URL": named},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def export(tmp_path: Path) -> Path:
    rows = [{**row, "mood": "good"} for row in chain()]
    return written(tmp_path / "chain.csv", (*CHAIN, "mood"), [*rows, {"exchange": "NSE"}])


def test_it_tells_what_became_of_every_row(database: URL, engine: Engine, export: Path) -> None:
    first = call(database, export, "--table", "option_chain_snapshots")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [
        "The column id is left out: option_chain_snapshots takes none such.",
        "The column mood is left out: option_chain_snapshots takes none such.",
        "option_chain_snapshots: 241 rows read, 240 stored, 0 there already, 1 rejected.",
        "  1 × timestamp is empty, first in line 242",
        f"The rejected rows are in {export}.rejected.csv.",
    ]
    again = call(database, export, "--table", "option_chain_snapshots", "--json")
    told = json.loads(again.stdout)
    assert (told["stored"], told["present"], told["rejected"]) == (0, 240, 1)
    assert told["reasons"] == {"timestamp is empty": [1, 242]}
    with engine.connect() as session:
        assert session.scalar(text("SELECT sum(snapshots) FROM oi_1d")) == 40


def test_a_dry_run_needs_no_database(export: Path) -> None:
    checked = call(NOWHERE, export, "--table", "option_chain_snapshots", "--dry-run")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "241 rows read, 1 to reject; nothing was stored." in checked.stdout
    assert list(export.parent.iterdir()) == [export]


@pytest.mark.parametrize(
    ("table", "header", "code", "said"),
    [
        ("snapshots", "timestamp,exchange", 2, "'snapshots' is none of them: exchange_metadata"),
        ("macro_signals", "exchange", 2, "has no column timestamp"),
        ("macro_signals", "timestamp,exchange", 1, "The database does not answer"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    tmp_path: Path, table: str, header: str, code: int, said: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(header + "\n")
    arguments = ("--dry-run",) if code == 2 else ()
    done = call(NOWHERE, path, "--table", table, *arguments)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, said in line) == (code, True), line


def test_a_database_that_is_not_migrated_is_told(empty_database: URL, export: Path) -> None:
    done = call(empty_database, export, "--table", "option_chain_snapshots")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run alembic upgrade head" in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = call(NOWHERE, tmp_path / "none.csv", "--table", "macro_signals", "--dry-run")
    (line,) = done.stderr.splitlines()
    assert (done.returncode, "none.csv cannot be used: No such file" in line) == (2, True), line
