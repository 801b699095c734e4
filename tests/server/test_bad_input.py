"""What nobody meant to type is answered in one sentence, by every command."""

import importlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import psycopg
import pytest
from sqlalchemy import URL

from db import engine
from db.command_line import LazyGroup, run
from db.settings import settings
from tests.support.databases import connection
from tests.support.paths import ROOT

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
CACHES = (settings, engine.write_engine, engine.direct_engine, engine.newest_engine)

Call = Callable[..., tuple[int, str]]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Call]:
    """Runs a command in this process with OI_… variables of its own; (exit code, stderr)."""
    for name in [name for name in os.environ if name.startswith("OI_")]:
        monkeypatch.delenv(name)

    def calling(program: str, *arguments: str, **environment: str) -> tuple[int, str]:
        given = {"OI_HOME": str(tmp_path / "home"), "OI_DATABASE_URL": NOWHERE, **environment}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        for cache in CACHES:
            cache.cache_clear()
        with pytest.raises(SystemExit) as end:
            run(importlib.import_module(f"{program}.cli").group, program, list(arguments))
        return int(end.value.code or 0), capsys.readouterr().err

    yield calling
    for cache in CACHES:
        cache.cache_clear()


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A folder with things that are no file of the wanted kind."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "torn.json").write_text('{"schema_version": 1')
    return tmp_path


def only_sentence(said: str) -> str:
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    assert last.startswith("Error: "), said
    assert said.count("Error: ") == 1
    return last


@pytest.mark.parametrize(
    "place", ["folder", "empty", "binary", "missing", "list.json", "torn.json"]
)
@pytest.mark.parametrize(
    ("command", "environment"),
    [
        ("app collect --feed replay --file {}", {}),
        ("benchmarks report {}", {}),
        ("benchmarks compare {0} {0}", {}),
        ("db archive verify {}", {}),
        ("db status", {"OI_CALENDAR_FILE": "{}"}),
        ("app show NSE", {"OI_CALENDAR_FILE": "{}"}),
    ],
)
def test_a_file_that_is_none_of_the_kind(
    call: Call, places: Path, command: str, environment: dict[str, str], place: str
) -> None:
    path = places / place
    given = {name: value.format(path) for name, value in environment.items()}
    code, said = call(*command.format(path).split(), **given)
    assert code in (1, 2)
    assert only_sentence(said)


@pytest.mark.parametrize("place", ["empty", "empty/below", "binary"])
@pytest.mark.parametrize(
    "command",
    ["app password --password long.enough", "app serve", "db server status", "db server stop"],
)
def test_a_home_that_is_no_folder(call: Call, places: Path, command: str, place: str) -> None:
    # an address that cannot be listened on keeps a server that is not refused from staying
    given = {"OI_HOME": str(places / place), "OI_HOST": "192.0.2.1", "OI_DATABASE_URL": ""}
    code, said = call(*command.split(), **given)
    if not command.startswith("db server st"):
        assert code == 2
        assert only_sentence(said)
    assert "Traceback" not in said


NUMBERS = ["nan", "inf", "-inf", "1e400", "-1", "9" * 30, "9" * 5000, "x", ""]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "command",
    [
        "app collect --feed replay --speed",
        "app serve --workers",
        "app show NSE --strikes",
        "db advise --threshold-ms",
        "db advise --least-calls",
        "db convert throttle t --nice",
        "db convert throttle t --max-lag-s",
        "db convert throttle t --rows-per-second",
        "db indexes --min-days",
        "db maintain --every",
        "db slow --threshold-ms",
        "benchmarks equivalence --seed",
        "benchmarks load --objective-ms",
        "benchmarks run --days",
        "benchmarks run --seed",
        "benchmarks run --rounds",
        "benchmarks scale --rows",
    ],
)
def test_a_number_that_is_none(call: Call, command: str, number: str) -> None:
    program, *arguments = command.split()
    code, said = call(program, *arguments, number)
    assert code in (1, 2)
    assert only_sentence(said)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "10000-01-01", "2026-02-30", ""])
@pytest.mark.parametrize("command", ["benchmarks run --end", "benchmarks scale --end"])
def test_a_day_no_history_can_end_on(call: Call, command: str, day: str) -> None:
    program, *arguments = command.split()
    code, said = call(program, *arguments, day)
    assert code == 2
    assert only_sentence(said)


URLS = [
    "nonsense",
    "postgresql://h:99999/d",
    "postgresql://h:port/d",
    "postgresql://[::1/d",
    "postgresql://[::1]:1/d",
    "postgresql://u:50%@127.0.0.1:1/d",
    "postgresql://u:a@b@127.0.0.1:1/d",
    "postgresql://127.0.0.1:1/d?unknown=yes",
    "postgresql://127.0.0.1:1/d?sslmode=nonsense",
    "postgresql://127.0.0.1:1/d?connect_timeout=soon",
    "postgresql:///d?host=/no/such/folder",
    f"postgresql://{'h' * 300}/d",
    "postgresql://a..b/d",
    "postgresql://127.0.0.1:1/d%00x",
    "postgresql+asyncpg://h:0/d",
    "mysql://h/d",
]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "command", ["db status", "db archive status", "db convert status", "app show NSE"]
)
def test_a_url_that_leads_nowhere(call: Call, command: str, url: str) -> None:
    code, said = call(*command.split(), OI_DATABASE_URL=url)
    assert code in (1, 2)
    assert only_sentence(said)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("command", ["benchmarks equivalence --url", "benchmarks plans --database"])
def test_an_option_that_is_no_url(call: Call, command: str, url: str) -> None:
    code, said = call(*command.split(), url)
    assert code in (1, 2)
    assert only_sentence(said)


@pytest.mark.parametrize("exchange", ["NYSE", "", "nse", "../x", "NSE\n", "\udcff"])
def test_an_exchange_nobody_knows(call: Call, exchange: str) -> None:
    code, said = call("app", "show", exchange)
    assert code == 2
    assert only_sentence(said)


@pytest.mark.parametrize(
    "command",
    [
        "archive restore option_chain_snapshots --from 0001-01-01 --to 9999-12-31",
        "archive restore nothing --from 2026-01-01 --to 2026-01-02",
        "archive run pg_class",
        "archive export nothing {folder}",
        "archive export option_chain_snapshots {file}",
        "convert plan nothing",
        "convert plan pg_class",
        "convert throttle option_chain_snapshots --rows-per-second 2147483647",
        "convert run nothing",
        "convert run option_chain_snapshots --hours 99:99-aa",
    ],
)
def test_what_a_database_that_answers_does_not_have(
    call: Call, database: URL, places: Path, command: str
) -> None:
    words = command.format(folder=places / "folder", file=places / "empty").split()
    code, said = call("db", *words, OI_DATABASE_URL=database.render_as_string(hide_password=False))
    assert "Traceback" not in said
    assert code in (0, 1, 2)


@pytest.fixture
def stranger(database: URL) -> Iterator[str]:
    """A role of the server without any right."""
    name = f"oi_test_stranger_{secrets.token_hex(3)}"
    with connection(database) as session:
        session.execute(f"CREATE ROLE {name}")
        yield name
        session.execute(f"DROP ROLE {name}")


def test_what_an_account_may_not_do_is_one_sentence(database: URL, stranger: str) -> None:
    for words in ("db archive status", "db edition", "app user list"):
        done = on(database, words, f"-c role={stranger}")
        assert only_sentence(done.stderr).startswith("Error: The account may not do this"), words
        assert done.returncode == 1


def test_what_psql_is_told_to_show_is_not_what_commands_read(database: URL) -> None:
    given = "-c DateStyle=German -c IntervalStyle=iso_8601 -c client_encoding=SQL_ASCII"
    done = on(database, "db maintain", given)
    assert done.returncode == 0, done.stderr


def on(database: URL, words: str, given: str) -> "subprocess.CompletedProcess[str]":
    """A command on a database, by a session that is told this by its environment."""
    address = database.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-m", *words.split()],
        cwd=ROOT,
        env={**os.environ, "OI_DATABASE_URL": address, "PGOPTIONS": given},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.errors.QueryCanceled,
        psycopg.errors.LockNotAvailable,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
        psycopg.errors.UndefinedTable,
        psycopg.errors.DiskFull,
    ],
)
def test_what_a_database_refuses_is_one_sentence(
    error: type[psycopg.Error], capsys: pytest.CaptureFixture[str]
) -> None:
    @click.group
    def group() -> None:
        """A program."""

    @group.command
    def refused() -> None:
        raise error("for a reason\nDETAIL: of its own")

    with pytest.raises(SystemExit) as end:
        run(group, "program", ["refused"])
    said = only_sentence(capsys.readouterr().err)
    assert "(for a reason)" in said
    assert "DETAIL" not in said
    assert end.value.code == 1


def options(group: click.Group, path: str) -> Iterator[tuple[str, click.Parameter]]:
    """Every option below a group, with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from options(command, f"{path} {name}")
        else:
            yield from ((f"{path} {name} {each.name}", each) for each in command.params)


def unbounded(kind: click.ParamType) -> bool:
    if isinstance(kind, click.FloatRange | click.types.FloatParamType):
        return type(kind).__name__ != "Amount"
    if isinstance(kind, click.IntRange):
        return kind.min is None or kind.max is None
    return isinstance(kind, click.types.IntParamType)


# a seed is of any size, and a history checks its own
_FREE = {"seed", "days", "strikes", "cadence"}


@pytest.mark.parametrize("program", ["app", "db", "benchmarks"])
def test_every_number_has_its_bounds(program: str) -> None:
    group = importlib.import_module(f"{program}.cli").group
    assert isinstance(group, LazyGroup)
    loose = [path for path, each in options(group, program) if unbounded(each.type)]
    assert [path for path in loose if path.split()[-1] not in _FREE] == []


def test_ctrl_c_ends_a_command_in_a_word() -> None:
    waiting = (
        "import time, click\nfrom db.command_line import LazyGroup, run\n"
        "class G(LazyGroup):\n"
        "  def list_commands(self, ctx): return ['wait']\n"
        "  def get_command(self, ctx, name): return click.Command('wait', callback=wait)\n"
        "def wait():\n"
        "  print('waiting', flush=True)\n"
        "  time.sleep(600)\n"
        "run(G('none', None), 'program', ['wait'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", waiting],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said.strip() == "Interrupted."


@pytest.mark.parametrize("arguments", ["db --help", "db server status"])
def test_a_reader_that_left_is_no_failure_to_tell(arguments: str, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", *arguments.split()],
            cwd=ROOT,
            env={**os.environ, "OI_HOME": str(tmp_path / "home"), "OI_DATABASE_URL": ""},
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.stderr == ""


def test_a_full_disk_under_the_output_is_one_sentence(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as disk:
        done = subprocess.run(
            [sys.executable, "-m", "db", "--help"],
            cwd=ROOT,
            stdout=disk,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert "Error: The output cannot be written: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr
