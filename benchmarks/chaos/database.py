"""The database server, on a clock of its own: killed, frozen and started as an init system does."""

import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from benchmarks.chaos.clock import Clock
from benchmarks.chaos.programs import send
from benchmarks.errors import BenchmarkError
from benchmarks.feed.upkeep import children
from benchmarks.server.databases import session
from benchmarks.server.ports import free_port
from db.errors import DatabaseUnavailableError
from db.server import LocalServer, local_server, postmaster
from db.server.home import State, open_home

_START_S = 90.0
_AGAIN_S = 0.2
_SMALL = (
    "ALTER SYSTEM SET shared_buffers = '128MB'",
    "ALTER SYSTEM SET max_wal_size = '192MB'",
    "ALTER SYSTEM SET min_wal_size = '80MB'",
)
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


@dataclass
class Database:
    """A durable server of a run's own."""

    server: LocalServer
    clock: Clock
    url: URL
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @classmethod
    def made_in(cls, folder: Path, clock: Clock) -> "Database":
        """A new one in a folder, ready to be started, on the programs that the checkout has."""
        server = _server(folder)
        try:
            url = server.start()
            for statement in _SMALL:
                with session(url) as admin:
                    admin.execute(statement)
        finally:
            server.stop()
        return cls(server, clock, url)

    @property
    def processes(self) -> list[int]:
        """The postmaster first, then all that it started."""
        process = postmaster.running(self.server.home.data)
        return [] if process is None else [process.pid, *children(process.pid)]

    def start(self) -> None:
        """Start it if it does not run, and wait until it takes sessions."""
        end = time.monotonic() + _START_S
        while not self._takes_sessions():
            if self._process is None or self._process.poll() is not None:
                # one whose processes are not all gone refuses to start: once more
                self._begin()
            if time.monotonic() > end:
                raise BenchmarkError("The database does not start.")
            time.sleep(_AGAIN_S)

    def kill(self) -> None:
        """End the postmaster as a power cut does; its processes end by themselves."""
        for process in self.processes[:1]:
            send(process, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def send(self, what: signal.Signals) -> None:
        """Send all of it a signal, the postmaster first."""
        for process in self.processes:
            send(process, what)

    def stop(self) -> None:
        """Stop it for good."""
        self.server.stop()
        if self._process is not None:
            self._process.wait()

    def _begin(self) -> None:
        home = self.server.home
        account = home.account
        with home.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the server under test
                [self.server.program("postgres"), "-D", home.data],
                cwd=home.cluster,
                env={**_ENVIRONMENT, **self.clock.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )

    def _takes_sessions(self) -> bool:
        with contextlib.suppress(DatabaseUnavailableError), session(self.url):
            return True
        return False


def _server(home: Path) -> LocalServer:
    programs = local_server(make_home=True).programs()
    home.mkdir(mode=0o755)
    found = open_home(home)
    state = State(str(programs.bin_dir), free_port(), programs.timescaledb_version)
    found.save_state(state)
    if found.account is None and found.root != home:
        raise BenchmarkError(f"The database's account cannot reach {home}.")
    return LocalServer(found)
