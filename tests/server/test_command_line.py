"""`python -m db` and `python -m app` load one command at a time and fail in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from psycopg.errors import InvalidSchemaName, UndefinedColumn, UndefinedTable

from db.command_line import LazyGroup, run
from db.errors import InvalidInputError, OIError
from db.timescale.errors import TimescaleError
from tests.support.paths import ROOT


def call(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OI_")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def only_sentence(done: "subprocess.CompletedProcess[str]") -> str:
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


@pytest.mark.parametrize(
    "command", ["status", "archive status", "archive run readings", "convert status", "indexes"]
)
def test_a_database_that_is_not_there_is_one_sentence(command: str) -> None:
    done = call("db", *command.split(), OI_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert only_sentence(done).startswith("Error: The database does not answer: ")


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    """A group of three commands, one of which cannot be imported."""
    package = tmp_path / "somecommands"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "say_hello.py").write_text(
        '"""Say hello."""\nimport click\n\n\n@click.command\ndef command():\n'
        '    click.echo("hi")\n',
        encoding="utf-8",
    )
    (package / "broken.py").write_text('"""Never runs."""\nimport nothing_like_it\n', "utf-8")
    (package / "import_.py").write_text(
        '"""Bring in."""\nimport click\n\n\n@click.command\ndef command():\n    click.echo("in")\n',
        encoding="utf-8",
    )
    (package / "_helper.py").write_text("raise SystemExit", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return LazyGroup("somecommands", package)


def test_a_command_is_its_file_and_its_docstring(group: LazyGroup) -> None:
    shown = CliRunner().invoke(group, ["--help"])
    assert shown.exit_code == 0
    assert "say-hello  Say hello." in shown.output
    assert "broken     Never runs." in shown.output
    assert "helper" not in shown.output


def test_a_command_runs_though_another_is_broken(group: LazyGroup) -> None:
    assert CliRunner().invoke(group, ["say-hello"]).output == "hi\n"


def test_a_command_may_have_a_name_that_python_keeps_for_itself(group: LazyGroup) -> None:
    assert CliRunner().invoke(group, ["import"]).output == "in\n"
    assert "import     Bring in." in CliRunner().invoke(group, ["--help"]).output
    assert CliRunner().invoke(group, ["import-"]).exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [(OIError, 1), (TimescaleError, 1), (InvalidInputError, 2)],
)
def test_errors_made_for_people_are_one_sentence(
    error: type[Exception], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command
    def failing() -> None:
        raise error("Do this instead.")

    with pytest.raises(SystemExit) as end:
        run(click.Group(commands={"failing": failing}), "program", ["failing"])
    assert end.value.code == code
    assert capsys.readouterr().err == "Error: Do this instead.\n"


def test_errors_nobody_foresaw_keep_their_traceback() -> None:
    @click.command
    def failing() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(click.Group(commands={"failing": failing}), "program", ["failing"])


@pytest.mark.parametrize("program", ["db", "app"])
def test_help_loads_no_database_library(program: str) -> None:
    shown = call(program, "--help")
    assert shown.returncode == 0
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", program, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stderr
    assert "sqlalchemy" not in loaded
    assert "flask" not in loaded


def test_before_the_first_start_there_is_nothing_to_read(tmp_path: Path) -> None:
    home = tmp_path / "none"
    assert "python -m db server start" in only_sentence(
        call("db", "server", "url", OI_HOME=str(home))
    )
    assert call("db", "server", "stop", OI_HOME=str(home)).stdout == "It was not running.\n"
    status = call("db", "server", "status", "--json", OI_HOME=str(home))
    assert status.returncode == 1
    assert json.loads(status.stdout)["running"] is False
    assert not home.exists()


def test_a_home_that_is_a_file_is_told(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.touch()
    assert "is not a folder" in only_sentence(call("db", "server", "start", OI_HOME=str(home)))


def test_a_named_database_is_used_and_nothing_is_started(tmp_path: Path) -> None:
    given = {
        "OI_HOME": str(tmp_path / "none"),
        "OI_DATABASE_URL": "postgresql://someone:very-secret@example.invalid:6000/market",
    }
    started = call("db", "server", "start", **given)
    assert started.returncode == 0
    assert "OI_DATABASE_URL" in started.stdout
    status = call("db", "server", "status", "--json", **given)
    assert json.loads(status.stdout)["source"] == "OI_DATABASE_URL"
    assert "very-secret" not in started.stdout + started.stderr + status.stdout + status.stderr
    assert "very-secret" in call("db", "server", "url", **given).stdout
    assert not (tmp_path / "none").exists()


def test_a_named_database_that_is_no_url_is_bad_input(tmp_path: Path) -> None:
    done = call("db", "server", "url", OI_DATABASE_URL="market", OI_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "OI_DATABASE_URL" in only_sentence(done)


@pytest.mark.parametrize("error", [UndefinedTable, UndefinedColumn, InvalidSchemaName])
def test_a_database_of_another_schema_is_said_to_be_that(
    error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    @click.group()
    def group() -> None:
        pass

    @group.command()
    def ask() -> None:
        raise error('relation "snapshots" does not exist\nLINE 1: SELECT')

    with pytest.raises(SystemExit) as ended:
        run(group, "test", ["ask"])
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert 'relation "snapshots" does not exist' in line
    assert "alembic upgrade head" in line


def test_start_status_psql_stop_from_the_command_line(ready_home: Path) -> None:
    environment = {"OI_HOME": str(ready_home)}
    try:
        started = call("db", "server", "start", **environment)
        assert started.returncode == 0, started.stderr
        password = (ready_home / "password").read_text(encoding="utf-8").strip()
        assert password not in started.stdout + started.stderr
        status = json.loads(call("db", "server", "status", "--json", **environment).stdout)
        assert status["running"] is True
        assert password not in json.dumps(status)
        query = (
            "SELECT current_database(), count(*) FROM pg_extension WHERE extname = 'timescaledb'"
        )
        asked = call("db", "server", "psql", "--", "-At", "-c", query, **environment)
        assert asked.stdout == "oi_gemini|1\n"
        settings = "SELECT bool_and(setting = 'on') FROM pg_settings WHERE name IN ('fsync')"
        assert call("db", "server", "psql", "-Atc", settings, **environment).stdout == "t\n"
        assert password in call("db", "server", "url", **environment).stdout
    finally:
        stopped = call("db", "server", "stop", **environment)
    assert stopped.stdout == "Stopped.\n"
