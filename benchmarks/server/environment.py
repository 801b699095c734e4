"""What a figure was measured on: machine, program, server, settings."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.server.databases import Session
from db import writeback
from db.convert.session import fetching

_SETTINGS = (
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "random_page_cost",
    "effective_io_concurrency",
    "max_parallel_workers_per_gather",
    "max_wal_size",
    "min_wal_size",
    "wal_level",
    "wal_compression",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "autovacuum",
    "jit",
    "plan_cache_mode",
    "track_io_timing",
    "shared_preload_libraries",
    "TimeZone",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine and program the client ran on."""

    processor: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    git_revision: str | None
    git_clean: bool | None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server measured; `settings` as SHOW prints them, and what its system gathers to write."""

    postgres: str
    timescaledb: str | None
    edition: str | None
    settings: Mapping[str, str]


def machine() -> Machine:
    """Facts of this machine and of the checkout the suite runs from."""
    revision = _git("rev-parse", "HEAD")
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        git_revision=revision,
        git_clean=None if revision is None else not _git("status", "--porcelain"),
    )


def server_facts(session: Session) -> ServerFacts:
    """Facts of the server behind a session; raises BenchmarkError when PostgreSQL is too old."""
    if session.info.server_version < 150000:
        raise BenchmarkError("The suite needs PostgreSQL 15 or newer.")
    extension = session.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"
    ).fetchone()
    license_ = session.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
    shown = session.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s) ORDER BY name",
        [list(_SETTINGS)],
    ).fetchall()
    version = session.execute("SHOW server_version").fetchone() or ("",)
    return ServerFacts(
        postgres=version[0].split(" ")[0],
        timescaledb=extension[0] if extension else None,
        edition=_edition(license_[0] if license_ else None) if extension else None,
        settings={**dict(shown), **_writeback(session)},
    )


def _writeback(session: Session) -> Mapping[str, str]:
    """The system's own settings of when it writes, where the server may read them."""
    found = writeback.settings(fetching(session)) or {}
    named = {"bytes": "vm.dirty_background_bytes", "percent": "vm.dirty_background_ratio"}
    return {name: found[key].strip() for key, name in named.items() if found.get(key)}


def _edition(license_: str | None) -> str | None:
    return {"apache": "apache", "timescale": "community"}.get(license_ or "")


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux; the platform knows less
    return platform.processor() or platform.machine()


def _git(*arguments: str) -> str | None:
    program = shutil.which("git")
    if program is None:
        return None
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [program, *arguments],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None
