"""A PgBouncer in transaction mode before a database, reached by a password made for it."""

import contextlib
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from benchmarks.errors import BenchmarkError
from benchmarks.server.debian import listens, program
from benchmarks.server.ports import free_port
from benchmarks.timing.waiting import awaited
from db.server.account import Account, unprivileged_account
from db.server.home import write_private

_START_S = 10.0
# sessions at the server stay the same ones for as long as it runs
_CONFIGURATION = """\
[databases]
{name} = {server}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 500
server_idle_timeout = 0
server_lifetime = 86400
server_login_retry = 1
query_wait_timeout = 10
"""
# https://www.pgbouncer.org/config.html#max_prepared_statements
_PREPARES_FROM = (1, 21)
_PREPARED = "max_prepared_statements = 200\n"


@dataclass(frozen=True, slots=True)
class PgBouncer:
    """One that runs; `url` is the database behind it, `process` its number on this machine."""

    url: URL
    version: str
    process: int


def pgbouncer_program() -> list[str]:
    """The command that runs a PgBouncer; raises ServerError where none is to be had."""
    return program("pgbouncer", "pgbouncer", "pgbouncer")


@contextlib.contextmanager
def pgbouncer(command: list[str], database: URL, *, sessions: int) -> Iterator[PgBouncer]:
    """The same database behind a pooler that keeps so many sessions at the server.

    `database` names one server by host, port, account and password. Raises BenchmarkError where
    it does not start.
    """
    account = unprivileged_account()
    version = _version(command)
    password, port = secrets.token_urlsafe(24), free_port()
    with tempfile.TemporaryDirectory(prefix="oi-pgbouncer-") as made:
        folder = Path(made)
        users, file = folder / "users", folder / "pgbouncer.ini"
        write_private(users, f"{_listed(database.username)} {_listed(password)}\n")
        configured = _CONFIGURATION.format(
            name=database.database,
            server=_server(database),
            port=port,
            users=users,
            sessions=sessions,
        )
        prepares = _PREPARED if _number(version) >= _PREPARES_FROM else ""
        write_private(file, configured + prepares)
        if account:
            for path in (folder, users, file):
                shutil.chown(path, account.uid, account.gid)
        with _running([*command, str(file)], folder, account, port) as process:
            url = database.set(host="127.0.0.1", port=port, password=password)
            yield PgBouncer(url, version, process)


@contextlib.contextmanager
def _running(command: list[str], folder: Path, account: Account | None, port: int) -> Iterator[int]:
    said = folder / "log"
    try:
        with said.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - a server found or unpacked by us
                command,
                cwd=folder,
                env={"PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is ours to handle
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
    except OSError as error:
        raise BenchmarkError(f"PgBouncer does not start: {error.strerror or error}.") from error
    try:
        awaited(
            lambda: process.poll() is not None or listens(port),
            _START_S,
            "PgBouncer started and takes no connections.",
        )
        if process.poll() is not None:
            raise BenchmarkError(f"PgBouncer does not start: {_last_line(said)}.")
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _version(command: list[str]) -> str:
    """Such as 1.24.1; raises BenchmarkError for what does not run."""
    try:
        told = subprocess.run(  # noqa: S603 - a server found or unpacked by us
            [*command, "--version"], capture_output=True, text=True, check=False, timeout=_START_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchmarkError(f"PgBouncer does not start: {error}.") from error
    found = re.search(r"PgBouncer (\d+\.\d+(?:\.\d+)*)", told.stdout)
    if found is None:
        reason = (told.stderr or told.stdout).strip().partition("\n")[0].rstrip(".")
        raise BenchmarkError(f"PgBouncer does not start: {reason or 'it says nothing'}.")
    return found[1]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _server(database: URL) -> str:
    """A server as PgBouncer's `[databases]` has it."""
    told = {
        "host": database.host,
        "port": database.port or 5432,
        "dbname": database.database,
        "user": database.username,
        "password": database.password,
    }
    return " ".join(f"{key}={_quoted(value)}" for key, value in told.items() if value is not None)


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _listed(value: str | None) -> str:
    return '"' + (value or "").replace('"', '""') + '"'


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    # after the date, the time and the number of the process
    return lines[-1].rpartition("] ")[2].rstrip(".") if lines else "it says nothing"
