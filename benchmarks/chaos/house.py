"""The whole system on one machine, each part a process of its own that can be hurt."""

import contextlib
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from benchmarks.chaos.programs import Program, kept_running, send
from benchmarks.chaos.wire import Wire, wire
from benchmarks.errors import BenchmarkError
from benchmarks.feed.upkeep import children
from benchmarks.server.databases import session
from benchmarks.server.ports import free_port
from benchmarks.web.serving import Site, environment, set_password
from db import migrate
from db.server import LocalServer, local_server, postmaster
from db.server.home import State, open_home

INTERVAL_S = 5
"""Seconds between stored snapshots: many, so that each fault meets some."""

_DISK_MIB = 900
_SMALL = (
    "ALTER SYSTEM SET shared_buffers = '128MB'",
    "ALTER SYSTEM SET max_wal_size = '192MB'",
    "ALTER SYSTEM SET min_wal_size = '80MB'",
)


@dataclass
class House:
    """Two collectors, a web server of two workers, maintenance, a database and the wire to it."""

    server: LocalServer
    direct: URL
    wire: Wire
    site: Site
    collectors: tuple[Program, Program]
    web: Program
    maintenance: Program
    disk: Path | None

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that is started again when it ends."""
        return (*self.collectors, self.web, self.maintenance)

    @property
    def database_processes(self) -> list[int]:
        """The postmaster first, then all that it started."""
        process = postmaster.running(self.server.home.data)
        return [] if process is None else [process.pid, *children(process.pid)]

    def kill_database(self) -> None:
        """End the postmaster as a power cut does; its processes end by themselves."""
        for process in self.database_processes[:1]:
            send(process, signal.SIGKILL)

    def start_database(self) -> None:
        """Start it if it does not run, as an init system does."""
        self.server.start()

    def signal_database(self, what: signal.Signals) -> None:
        """Send all of it a signal, the postmaster first."""
        for process in self.database_processes:
            send(process, what)


@contextlib.contextmanager
def house() -> Iterator[House]:
    """All of it, migrated and running, until the block ends."""
    with _folder() as (folder, disk):
        server = _server(folder, disk)
        try:
            direct = server.start()
            for statement in _SMALL:
                with session(direct) as admin:
                    admin.execute(statement)
            server.stop()
            direct = server.start()
            migrate.upgrade(direct)
            with (
                wire("127.0.0.1", direct.port or 5432) as line,
                _running(server, direct, line, folder, disk) as found,
            ):
                yield found
        finally:
            server.stop()


@contextlib.contextmanager
def _running(
    server: LocalServer, direct: URL, line: Wire, folder: Path, disk: Path | None
) -> Iterator[House]:
    through = direct.set(port=line.port)
    password = secrets.token_urlsafe(16)
    logs = folder / "logs"
    logs.mkdir()

    def program(name: str, *arguments: str) -> Program:
        home = folder / name
        home.mkdir()
        told = environment(through, home)
        told |= {"OI_PORT": str(port), "OI_SNAPSHOT_INTERVAL_S": str(INTERVAL_S)}
        if "serve" in arguments:
            set_password(told, password)
        return Program(name, arguments, told, logs / f"{name}.log")

    port = free_port()
    first, second = (
        program(name, "app", "collect", "--feed", "simulate") for name in ("one", "two")
    )
    web = program("web", "app", "serve", "--workers", "2")
    maintenance = program("maintenance", "db", "maintain", "--every", "2")
    with kept_running((first, second, web, maintenance)):
        site = Site(f"http://127.0.0.1:{port}", password, web.pid, 0.0)
        yield House(server, direct, line, site, (first, second), web, maintenance, disk)


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


def _server(folder: Path, disk: Path | None) -> LocalServer:
    """A durable server of our own, on the programs that the checkout has."""
    programs = local_server(make_home=True).programs()
    home = (disk or folder) / "database"
    home.mkdir(mode=0o755)
    found = open_home(home)
    state = State(str(programs.bin_dir), free_port(), programs.timescaledb_version)
    found.save_state(state)
    if found.account is None and found.root != home:
        raise BenchmarkError(f"The database's account cannot reach {home}.")
    return LocalServer(found)
