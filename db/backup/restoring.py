"""Bringing a backup back into a database of its own, and comparing it thing by thing.

TimescaleDB wants the same version there, its catalog loaded by one session, and to be told before
and after: https://docs.timescale.com/self-hosted/latest/backup-and-restore/logical-backup/
"""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from sqlalchemy import URL

from db.backup import programs
from db.backup.errors import BackupError
from db.backup.inventory import Inventory, differences, inventory, statement, total_rows
from db.backup.manifest import DUMP, Manifest
from db.backup.session import session

# what the target has already; pg_cron lives in one database of a server, its schedule with it
_LEFT_OUT = re.compile(
    r"^\d+; \d+ \d+ (EXTENSION - (timescaledb|pg_cron)|COMMENT - EXTENSION (timescaledb|pg_cron)"
    r"|TABLE DATA cron |SEQUENCE SET cron )"
)
_MAINTENANCE = "postgres"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: everything that was compared, and a line for each difference."""

    database: str
    rows: int
    compared: dict[str, int]
    differences: list[str]


def restore(
    folder: Path, url: URL, *, with_roles: bool = True, say: Callable[[str], None]
) -> Restored:
    """Restore a backup into the database of `url`, which is made where it is missing.

    It must hold nothing. Without `with_roles` all will be the caller's, and grants are left out.
    Raises OIError; a database that was made for it is dropped then.
    """
    manifest = Manifest.read(folder)
    is_made = _prepare(url, manifest, with_roles)
    try:
        _load(folder, url, manifest, with_roles, say)
    except BaseException:
        if is_made:
            _drop(url)
        raise
    say("Comparing…")
    with session(url) as link:
        link.execute("SELECT _timescaledb_functions.stop_background_workers()")
        try:
            restored = inventory(link)
        finally:
            link.execute("SELECT _timescaledb_functions.start_background_workers()")
        link.execute("ANALYZE")
    wanted, found = _comparable(manifest.inventory, restored, with_roles)
    return Restored(
        database=str(url.database),
        rows=total_rows(found),
        compared={kind: len(things) for kind, things in sorted(found.items())},
        differences=differences(wanted, found),
    )


def _comparable(
    wanted: Inventory, found: Inventory, with_roles: bool
) -> tuple[Inventory, Inventory]:
    if with_roles:
        return wanted, found
    ungranted = [{k: v for k, v in each.items() if k != "grant"} for each in (wanted, found)]
    return ungranted[0], ungranted[1]


def _prepare(url: URL, manifest: Manifest, with_roles: bool) -> bool:
    """See that it can be done, before anything is made; whether the database was."""
    with session(url.set(database=_MAINTENANCE)) as admin:
        _demand(admin, manifest, with_roles)
        known = admin.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [url.database]
        ).fetchone()
        if known is None:
            name = sql.Identifier(str(url.database))
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name)
            )
    if known is not None:
        with session(url) as link:
            held = link.execute(statement("occupied")).fetchone()
        if held is not None:
            raise BackupError(
                f"The database {url.database} holds something already ({held[0]}): name one that "
                "is empty, or that is not there yet."
            )
    return known is None


def _demand(admin: "Connection[Any]", manifest: Manifest, with_roles: bool) -> None:
    row = admin.execute(statement("server")).fetchone() or ("", 0, None, None)
    if row[1] < manifest.postgres:
        raise BackupError(
            f"The backup is of PostgreSQL {manifest.postgres}, the server is {row[1]}: an older "
            "one cannot take it."
        )
    offered = admin.execute(statement("versions"), [manifest.timescaledb]).fetchone()
    if offered != (True,):
        raise BackupError(
            f"The backup is of TimescaleDB {manifest.timescaledb}, which that server does not "
            "offer: restore it where that version is, and update it then."
        )
    license_ = admin.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
    if license_ and license_[0] not in (None, manifest.license) and license_[0] == "apache":
        raise BackupError(
            "The backup is of the Community edition and the server has the Apache edition, which "
            "lacks what it holds: restore it on Community (`python -m db edition` moves it)."
        )
    missing = admin.execute(statement("missing_roles"), [manifest.roles]).fetchall()
    if with_roles and missing:
        names = ", ".join(name for (name,) in missing)
        raise BackupError(
            f"Roles that own or may use what is in the backup are missing there: {names}. Make "
            "them first, or leave owners and grants out with --no-roles."
        )


def _load(
    folder: Path, url: URL, manifest: Manifest, with_roles: bool, say: Callable[[str], None]
) -> None:
    with session(url) as link:
        version = sql.Literal(manifest.timescaledb)
        link.execute("SET client_min_messages = error")
        link.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS timescaledb VERSION {}").format(version)
        )
    with session(url) as link:
        link.execute("SELECT public.timescaledb_pre_restore()")
    say("Restoring…")
    program = programs.program("pg_restore", manifest.postgres)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list") as listed:
        lines = programs.output_of(program, "--list", folder / DUMP).splitlines(keepends=True)
        listed.writelines(line for line in lines if not _LEFT_OUT.match(line))
        listed.flush()
        roles = () if with_roles else ("--no-owner", "--no-privileges")
        wanted = f"--use-list={listed.name}"
        programs.run(program, url, "--exit-on-error", wanted, *roles, folder / DUMP)
    with session(url) as link:
        link.execute("SELECT public.timescaledb_post_restore()")
        for name, value in manifest.inventory.get("setting", {}).items():
            link.execute(
                sql.SQL("ALTER DATABASE {} SET {} TO {}").format(
                    sql.Identifier(str(url.database)), sql.Identifier(name), sql.Literal(value)
                )
            )


def _drop(url: URL) -> None:
    with session(url.set(database=_MAINTENANCE)) as admin:
        name = sql.Identifier(str(url.database))
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
