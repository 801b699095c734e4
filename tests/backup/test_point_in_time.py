"""A base backup and the archived log bring a server back to any moment, as docs/backup.md says."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.server.ports import free_port
from db.server.account import Account, run_as, unprivileged_account
from tests.support.databases import DatabaseServer, connection
from tests.support.streaming import programs_of
from tests.support.waiting import eventually

_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
fsync = off
shared_buffers = 64MB
archive_mode = on
archive_command = 'cp %p {archive}/%f'
"""


class Cluster:
    """A data folder and the programs that serve it."""

    def __init__(self, bin_dir: Path, folder: Path, account: Account | None) -> None:
        self._bin_dir, self.folder, self._account = bin_dir, folder, account
        self.port = free_port()

    def run(self, program: str, *arguments: str | Path) -> None:
        done = run_as(self._account, self._bin_dir / program, *arguments, cwd=self.folder)
        assert done.returncode == 0, done.stderr or done.stdout

    @contextmanager
    def up(self, data: Path) -> Iterator[URL]:
        log = self.folder / f"{data.name}.log"
        self.run("pg_ctl", "start", "-D", data, "-w", "-l", log, "-o", f"-p {self.port} -k ''")
        try:
            yield URL.create(
                "postgresql", "postgres", host="127.0.0.1", port=self.port, database="postgres"
            )
        finally:
            self.run("pg_ctl", "stop", "-D", data, "-m", "fast", "-w")


@pytest.fixture
def cluster(server: DatabaseServer) -> Iterator[Cluster]:
    account = unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="oi-test-pitr-"))
    (folder / "archive").mkdir()
    if account:
        for path in (folder, folder / "archive"):
            shutil.chown(path, account.uid, account.gid)
    yield Cluster(programs_of(server), folder, account)
    shutil.rmtree(folder)


def test_a_server_comes_back_as_it_was_before_a_mistake(cluster: Cluster) -> None:
    primary, base = cluster.folder / "primary", cluster.folder / "base"
    archive = cluster.folder / "archive"
    cluster.run("initdb", "-D", primary, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
    with (primary / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(_SETTINGS.format(archive=archive))
    with cluster.up(primary) as url:
        with connection(url) as session:
            session.execute(
                """
                CREATE EXTENSION timescaledb;
                CREATE TABLE chain (at timestamptz NOT NULL, oi bigint);
                SELECT create_hypertable('chain', 'at', chunk_time_interval => INTERVAL '1 day');
                INSERT INTO chain VALUES ('2026-08-03 09:15+05:30', 1)
                """
            )
        source = url.render_as_string()
        cluster.run("pg_basebackup", "-D", base, "-d", source, "-X", "fetch", "-c", "fast")
        with connection(url) as session:
            # after the base backup: only the archived log knows of it
            session.execute("INSERT INTO chain VALUES ('2026-08-04 09:15+05:30', 2)")
            session.execute("SELECT pg_create_restore_point('before the mistake')")
            session.execute("DROP TABLE chain")
            session.execute("SELECT pg_switch_wal()")
    (base / "recovery.signal").touch()
    with (base / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write(
            f"restore_command = 'cp {archive}/%f %p'\n"
            "recovery_target_name = 'before the mistake'\n"
            "recovery_target_action = 'promote'\n"
        )
    with cluster.up(base) as url, connection(url) as session:
        # it takes readers before it has come to its end
        eventually(lambda: session.execute("SELECT pg_is_in_recovery()").fetchone() == (False,))
        assert session.execute("SELECT sum(oi), count(*) FROM chain").fetchone() == (3, 2)
        chunks = session.execute("SELECT count(*) FROM timescaledb_information.chunks").fetchone()
        assert chunks == (2,)
        session.execute("INSERT INTO chain VALUES ('2026-08-05 09:15+05:30', 3)")
