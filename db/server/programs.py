"""Installed PostgreSQL servers that have TimescaleDB's files, of either edition."""

import glob
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from db.server.account import Account, run_as

OLDEST_MAJOR = 15
_USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_NEEDED = ("initdb", "pg_config", "pg_ctl", "postgres", "psql")


@dataclass(frozen=True, slots=True)
class Programs:
    """One PostgreSQL with TimescaleDB: its programs and what its libraries offer."""

    bin_dir: Path
    major: int
    version: str
    timescaledb_version: str
    edition: Literal["apache", "community"]
    has_pg_cron: bool
    has_lz4: bool

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} with TimescaleDB {self.timescaledb_version}"

    def program(self, name: str) -> Path:
        """The path of one of its programs."""
        return self.bin_dir / name


def installed_programs(account: Account | None, major: int | None = None) -> Programs | None:
    """The newest installed PostgreSQL ≥ 15 that has TimescaleDB, Community before Apache.

    `major` asks for one version, as an existing data folder needs it.
    """
    found = [
        programs
        for folder in _candidates()
        if (programs := programs_in(folder, account)) and major in (None, programs.major)
    ]
    return max(found, key=lambda p: (p.edition == "community", p.major), default=None)


def programs_in(bin_dir: Path, account: Account | None) -> Programs | None:
    """The programs of one folder, or None where it is no usable TimescaleDB server."""
    if not all(os.access(bin_dir / name, os.X_OK) for name in _NEEDED):
        return None
    config = _pg_config(bin_dir / "pg_config", account)
    version = re.search(r"PostgreSQL (\d+)[.\w]*", config.get("VERSION", ""))
    if not version or int(version[1]) < OLDEST_MAJOR:
        return None
    extensions, libraries = Path(config["SHAREDIR"]) / "extension", Path(config["PKGLIBDIR"])
    timescaledb = _default_version(extensions / "timescaledb.control")
    if not timescaledb or not _has_library(libraries, f"timescaledb-{timescaledb}"):
        return None
    return Programs(
        bin_dir=bin_dir,
        major=int(version[1]),
        version=version[0].removeprefix("PostgreSQL "),
        timescaledb_version=timescaledb,
        edition="community" if _has_library(libraries, _tsl(timescaledb)) else "apache",
        has_pg_cron=(extensions / "pg_cron.control").exists()
        and _has_library(libraries, "pg_cron"),
        has_lz4="--with-lz4" in config.get("CONFIGURE", ""),
    )


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for pattern in _USUAL_PLACES:
        yield from (Path(folder) for folder in glob.glob(pattern))


def _pg_config(program: Path, account: Account | None) -> dict[str, str]:
    try:
        output = run_as(account, program, cwd=Path("/")).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = (line.partition(" = ") for line in output.splitlines())
    return {key: value for key, _, value in pairs}


def _tsl(version: str) -> str:
    return f"timescaledb-tsl-{version}"


def _default_version(control: Path) -> str | None:
    try:
        text = control.read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^default_version\s*=\s*'([^']+)'", text, re.MULTILINE)
    return found[1] if found else None


def _has_library(folder: Path, name: str) -> bool:
    return any((folder / f"{name}{suffix}").exists() for suffix in (".so", ".dylib"))
