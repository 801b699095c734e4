"""Debian's PgBouncer in transaction mode before a database, as a test's own process."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL

from benchmarks.server.ports import free_port
from db.server.account import unprivileged_account
from tests.support.debian import listens, program
from tests.support.waiting import eventually

_CONFIGURATION = """\
[databases]
{database} = host={host} port={port} user={user}{password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
"""


@contextlib.contextmanager
def pgbouncer(database: URL) -> Iterator[URL]:
    """The same database behind a pooler that keeps three sessions at the server."""
    command = program("pgbouncer", "pgbouncer", "pgbouncer")
    account = unprivileged_account()
    folder = Path(tempfile.mkdtemp(prefix="oi-test-pgbouncer-"))
    port = free_port()
    file = folder / "pgbouncer.ini"
    file.write_text(
        _CONFIGURATION.format(
            database=database.database,
            host=database.host,
            port=database.port or 5432,
            user=database.username,
            password=f" password={database.password}" if database.password else "",
            own_port=port,
        ),
        encoding="utf-8",
    )
    if account:
        for path in (folder, file):
            shutil.chown(path, account.uid, account.gid)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, file], cwd=folder, stderr=log, user=account.uid if account else None
        )
    try:
        eventually(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield database.set(host="127.0.0.1", port=port)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
