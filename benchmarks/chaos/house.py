"""The whole system on one machine, each part a process of its own that can be hurt."""

import contextlib
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from benchmarks.chaos.clock import Clock, clock_library
from benchmarks.chaos.database import Database
from benchmarks.chaos.past import load_past
from benchmarks.chaos.programs import Program, kept_running
from benchmarks.chaos.redis import RedisServer, redis_program
from benchmarks.chaos.wire import Wire, wire
from benchmarks.dataset.filled import BASELINE
from benchmarks.server.ports import free_port
from benchmarks.web.serving import Site, environment, set_password
from db import migrate
from db.errors import ServerError

INTERVAL_S = 5
"""Seconds between stored snapshots: many, so that each fault meets some."""

_DISK_MIB = 1200
_UPKEEP = "benchmarks.chaos.upkeep"


@dataclass
class Parts:
    """What the programs stand on: the database and the wire to it, clocks, Redis, a small disk.

    None is what cannot be had here. `clock` is that of all programs beside the database.
    """

    folder: Path
    disk: Path | None
    database: Database
    wire: Wire
    redis: RedisServer | None
    clock: Clock
    has_clocks: bool

    @property
    def direct(self) -> URL:
        """The way to the database that no fault of the wire meets."""
        return self.database.url


@dataclass
class House:
    """Two collectors, a web server of two workers, maintenance, an archive and a conversion.

    `wrong` is what was told wrong beside them.
    """

    parts: Parts
    site: Site
    collectors: tuple[Program, Program]
    web: Program
    maintenance: Program
    upkeep: tuple[Program, ...]
    wrong: list[str] = field(default_factory=list)

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that is started again when it ends."""
        return (*self.collectors, self.web, self.maintenance, *self.upkeep)


@contextlib.contextmanager
def house() -> Iterator[House]:
    """All of it, migrated and running, until the block ends."""
    with contextlib.ExitStack() as stack:
        folder, disk = stack.enter_context(_folder())
        library = clock_library(folder)
        clocks = [Clock(library, folder / name) for name in ("programs.clock", "database.clock")]
        database = Database.made_in((disk or folder) / "database", clocks[1])
        stack.callback(database.stop)
        database.start()
        migrate.upgrade(database.url, BASELINE)
        load_past(database.url)
        migrate.upgrade(database.url)
        line = stack.enter_context(wire("127.0.0.1", database.url.port or 5432))
        redis = _redis()
        if redis is not None:
            stack.callback(redis.kill)
        has_clocks = library is not None
        parts = Parts(folder, disk, database, line, redis, clocks[0], has_clocks)
        yield stack.enter_context(_running(parts))


@contextlib.contextmanager
def _running(parts: Parts) -> Iterator[House]:
    password = secrets.token_urlsafe(16)
    port = free_port()
    through = parts.direct.set(port=parts.wire.port)
    logs = parts.folder / "logs"
    logs.mkdir()

    def program(name: str, *arguments: str) -> Program:
        home = parts.folder / name
        home.mkdir()
        told = environment(through, home)
        told |= {"OI_PORT": str(port), "OI_SNAPSHOT_INTERVAL_S": str(INTERVAL_S)}
        if parts.redis is not None:
            told["OI_REDIS_URL"] = parts.redis.url
        if "serve" in arguments:
            set_password(told, password)
        return Program(name, arguments, {**told, **parts.clock.environment}, logs / f"{name}.log")

    first, second = (
        program(name, "app", "collect", "--feed", "simulate") for name in ("one", "two")
    )
    web = program("web", "app", "serve", "--workers", "2")
    maintenance = program("maintenance", "db", "maintain", "--every", "2")
    upkeep = tuple(program(name, _UPKEEP, name) for name in ("archive", "convert"))
    with kept_running((first, second, web, maintenance, *upkeep)):
        site = Site(f"http://127.0.0.1:{port}", password, web.pid, 0.0)
        yield House(parts, site, (first, second), web, maintenance, upkeep)


def _redis() -> RedisServer | None:
    try:
        found = RedisServer(redis_program())
    except ServerError:
        return None
    found.start()
    return found


@contextlib.contextmanager
def _folder() -> Iterator[tuple[Path, Path | None]]:
    """A folder for all, and one on a small disk of its own where one can be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="oi-chaos-"))
    # the server's account must get in when root runs this
    folder.chmod(0o755)
    disk = folder / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    options = f"size={_DISK_MIB}m,mode=755"
    mounted = (
        mount is not None
        and not subprocess.run(  # noqa: S603
            [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True
        ).returncode
    )
    try:
        yield folder, disk if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S603, S607
        shutil.rmtree(folder, ignore_errors=True)
