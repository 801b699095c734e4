"""A primary and its streaming standby, both private to a test and gone after it."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.server.ports import free_port
from db.server.account import Account, run_as, unprivileged_account
from db.urls import database_url
from tests.support.databases import DatabaseServer, connection
from tests.support.waiting import eventually

_PRIMARY = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
timezone = 'Asia/Kolkata'
fsync = off
wal_level = replica
max_wal_senders = 4
shared_buffers = 64MB
wal_receiver_status_interval = 1
jit = off
"""


@dataclass(frozen=True)
class Streaming:
    """URLs of both; each has a superuser without a password on the loopback."""

    primary: URL
    standby: URL
    _pair: "_Pair"

    @property
    def either(self) -> URL:
        """Both in one URL: whichever takes writes is meant."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return database_url(f"postgresql://postgres@{hosts}/{self.primary.database}", "OI_TEST")

    def confirm_by_both(self) -> None:
        """From now on a commit counts once the standby has it too."""
        with connection(self.primary) as session:
            session.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            session.execute("SELECT pg_reload_conf()")
            eventually(
                lambda: (
                    session.execute(
                        "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
                    ).fetchone()
                    == (1,)
                )
            )

    def kill(self, name: str) -> None:
        """End the server `primary` or `standby` as a power cut does."""
        self._pair.kill(name)

    def promote(self) -> None:
        """Let the standby take writes."""
        with connection(self.standby) as session:
            assert session.execute("SELECT pg_promote()").fetchone() == (True,)
            # nobody stands by any more who could confirm
            session.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            session.execute("SELECT pg_reload_conf()")


def programs_of(server: DatabaseServer) -> Path:
    """The folder of a server's programs; the test is skipped where that is on another machine."""
    with connection(server.admin_url) as session:
        found = session.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchone()
    bin_dir = Path(found[0]) if found else Path()
    if not (bin_dir / "pg_basebackup").exists():
        pytest.skip(f"the programs of {server} are not on this machine")
    return bin_dir


@contextlib.contextmanager
def streaming(bin_dir: Path) -> Iterator[Streaming]:
    """Start both, on the programs of a folder; stop and remove both on leaving."""
    with _private(bin_dir) as pair:
        yield pair.start()


@contextlib.contextmanager
def alone(bin_dir: Path, settings: str = "") -> Iterator[URL]:
    """One such server without a standby, for what ends servers; stopped and removed on leaving."""
    with _private(bin_dir) as pair:
        yield pair.primary(settings)


@contextlib.contextmanager
def _private(bin_dir: Path) -> Iterator["_Pair"]:
    account = unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="oi-test-streaming-"))
    if account:
        shutil.chown(folder, account.uid, account.gid)
    pair = _Pair(bin_dir, folder, account)
    try:
        yield pair
    finally:
        pair.stop()
        shutil.rmtree(folder)


class _Pair:
    def __init__(self, bin_dir: Path, folder: Path, account: Account | None) -> None:
        self._bin_dir, self._folder, self._account = bin_dir, folder, account
        self._started: dict[str, Path] = {}

    def start(self) -> Streaming:
        primary, standby = self.primary(), self._folder / "standby"
        source = primary.set(drivername="postgresql").render_as_string(hide_password=False)
        self._run("pg_basebackup", "-D", standby, "-d", source, "-R", "-X", "stream", "-c", "fast")
        return Streaming(primary, self._up(standby).set(database="chain"), self)

    def primary(self, settings: str = "") -> URL:
        """A new server with an empty database that has the extension."""
        primary = self._folder / "primary"
        self._run("initdb", "-D", primary, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        with (primary / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_PRIMARY + settings)
        first = self._up(primary)
        with connection(first) as session:
            session.execute("CREATE DATABASE chain")
        with connection(first.set(database="chain")) as session:
            session.execute("CREATE EXTENSION timescaledb")
        return first.set(database="chain")

    def stop(self) -> None:
        for data in reversed(self._started.values()):
            self._run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")

    def kill(self, name: str) -> None:
        process = int((self._started.pop(name) / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGKILL)

    def _up(self, data: Path) -> URL:
        port = free_port()
        options = f"-p {port} -k ''"
        log = self._folder / f"{data.name}.log"
        self._run("pg_ctl", "start", "-D", data, "-w", "-l", log, "-o", options)
        self._started[data.name] = data
        return URL.create(
            "postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres"
        )

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = run_as(self._account, self._bin_dir / program, *arguments, cwd=self._folder)
        assert done.returncode == 0, done.stderr or done.stdout
