"""PostgreSQL's own programs for dumps: found, and run without a password on their command line."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from db.backup.errors import BackupError
from db.errors import ServerError
from db.server import local_server
from db.urls import environment

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/*/bin")


def program(name: str, major: int) -> Path:
    """The oldest `name` that serves a server of that major version; raises BackupError."""
    found = {
        version: path
        for path in _candidates(name)
        if (version := _major(path)) is not None and version >= major
    }
    if not found:
        raise BackupError(
            f"{name} of PostgreSQL {major} or newer is not installed here: install PostgreSQL's "
            "client programs."
        )
    return found[min(found)]


def run(command: Path, url: URL, *arguments: str | Path) -> str:
    """Run a program on a database to its end; its output. Raises BackupError with what it said."""
    done = subprocess.run(  # noqa: S603  # PostgreSQL's own programs
        [str(command), "--dbname", make_conninfo(dbname=url.database), *map(str, arguments)],
        env=os.environ | environment(url) | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error:" in line]
        reason = (said or done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise BackupError(f"{command.name} failed: {reason.partition('error: ')[2] or reason}.")
    return done.stdout


def output_of(command: Path, *arguments: str | Path) -> str:
    """What a program says that needs no database; raises BackupError where it fails."""
    done = subprocess.run(  # noqa: S603
        [str(command), *map(str, arguments)], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise BackupError(f"{command.name} failed: {done.stderr.strip()}.")
    return done.stdout


def _candidates(name: str) -> Iterator[Path]:
    with suppress(ServerError):
        local = local_server()
        # unpacked, whether a server of ours was ever started or not
        yield from local.home.programs.glob(f"usr/lib/postgresql/*/bin/{name}")
        yield local.program(name)
    if on_path := shutil.which(name):
        yield Path(on_path)
    for pattern in _PLACES:
        yield from Path("/").glob(f"{pattern[1:]}/{name}")


def _major(path: Path) -> int | None:
    try:
        said = output_of(path, "--version")
    except (OSError, BackupError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None
