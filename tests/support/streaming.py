"""A primary and its streaming standby, both private to a test and gone after it."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from benchmarks.server.ports import free_port
from db.server.account import Account, run_as, unprivileged_account
from tests.support.databases import connection

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
"""


@dataclass(frozen=True)
class Streaming:
    """URLs of both; each has a superuser without a password on the loopback."""

    primary: URL
    standby: URL


@contextlib.contextmanager
def streaming(bin_dir: Path) -> Iterator[Streaming]:
    """Start both, on the programs of a folder; stop and remove both on leaving."""
    account = unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="oi-test-streaming-"))
    if account:
        shutil.chown(folder, account.uid, account.gid)
    pair = _Pair(bin_dir, folder, account)
    try:
        yield pair.start()
    finally:
        pair.stop()
        shutil.rmtree(folder)


class _Pair:
    def __init__(self, bin_dir: Path, folder: Path, account: Account | None) -> None:
        self._bin_dir, self._folder, self._account = bin_dir, folder, account
        self._started: list[Path] = []

    def start(self) -> Streaming:
        primary, standby = self._folder / "primary", self._folder / "standby"
        self._run("initdb", "-D", primary, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        with (primary / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_PRIMARY)
        first = self._up(primary)
        with connection(first) as session:
            session.execute("CREATE DATABASE chain")
        with connection(first.set(database="chain")) as session:
            session.execute("CREATE EXTENSION timescaledb")
        source = first.set(drivername="postgresql").render_as_string(hide_password=False)
        self._run("pg_basebackup", "-D", standby, "-d", source, "-R", "-X", "stream", "-c", "fast")
        second = self._up(standby)
        return Streaming(first.set(database="chain"), second.set(database="chain"))

    def stop(self) -> None:
        for data in reversed(self._started):
            self._run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w")

    def _up(self, data: Path) -> URL:
        port = free_port()
        options = f"-p {port} -k ''"
        log = self._folder / f"{data.name}.log"
        self._run("pg_ctl", "start", "-D", data, "-w", "-l", log, "-o", options)
        self._started.append(data)
        return URL.create(
            "postgresql+psycopg", "postgres", host="127.0.0.1", port=port, database="postgres"
        )

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = run_as(self._account, self._bin_dir / program, *arguments, cwd=self._folder)
        assert done.returncode == 0, done.stderr or done.stdout
