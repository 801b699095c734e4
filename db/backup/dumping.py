"""Making a backup: pg_dump and a count of everything, both of one and the same moment."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, IsolationLevel
from sqlalchemy import URL

from db.backup import programs
from db.backup.errors import BackupError
from db.backup.inventory import inventory, statement
from db.backup.manifest import DUMP, Manifest
from db.backup.session import session


def backup(url: URL, folder: Path, *, jobs: int, say: Callable[[str], None]) -> Manifest:
    """Write a backup into a folder that is not there yet; it is there whole or not at all.

    Writers go on meanwhile; a change of the schema waits. Raises OIError.
    """
    if folder.exists():
        raise BackupError(f"{folder} is there already: name a folder that is not.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.part-"))
    except OSError as error:
        raise BackupError(f"{folder} cannot be written: {error.strerror}.") from error
    try:
        found = _written(url, draft, jobs, say)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return found


def _written(url: URL, folder: Path, jobs: int, say: Callable[[str], None]) -> Manifest:
    with session(url) as link:
        link.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        link.set_read_only(True)
        with link.transaction():
            found = _described(link)
            (snapshot,) = link.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
            say("Dumping…")
            programs.run(
                programs.program("pg_dump", found.postgres),
                url,
                *("--format=directory", f"--file={folder / DUMP}", f"--jobs={jobs}"),
                *(f"--snapshot={snapshot}", "--compress=1"),
            )
            say("Counting what it must hold…")
            found.inventory = inventory(link)
    manifest = found.manifest()
    manifest.write(folder)
    return manifest


class _Described:
    """What the server says of itself, until the inventory is there."""

    def __init__(self, row: tuple[Any, ...], roles: list[str]) -> None:
        self.database, self.postgres, self.license, self.timescaledb = row
        self.roles = roles
        self.inventory: dict[str, dict[str, str]] = {}

    def manifest(self) -> Manifest:
        return Manifest(
            made_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            database=self.database,
            postgres=self.postgres,
            timescaledb=self.timescaledb,
            license=self.license,
            roles=self.roles,
            inventory=self.inventory,
        )


def _described(link: "Connection[Any]") -> _Described:
    row = link.execute(statement("server")).fetchone()
    if row is None or row[-1] is None:
        raise BackupError("The database lacks the timescaledb extension: pg_dump alone will do.")
    return _Described(row, [name for (name,) in link.execute(statement("roles"))])
