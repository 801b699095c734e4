"""One private PostgreSQL cluster: made, started, stopped, looked at."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import URL

from db.errors import ServerError
from db.parts import Part
from db.server import accounts, postmaster
from db.server.bootstrap import init_data, make_database
from db.server.configuration import write_configuration
from db.server.faults import explained
from db.server.home import Home, State
from db.server.packages import link_time_zones, private_programs
from db.server.programs import Programs, installed_programs, programs_in
from db.server.tuning import settings, this_machine, volatile_settings

DATABASE = "oi_gemini"
SUPERUSER = "oi"


@dataclass(frozen=True, slots=True)
class Status:
    """What there is to say about the server; sizes and ports as the server has them."""

    running: bool
    home: str
    pid: int | None = None
    port: int | None = None
    postgres_version: str | None = None
    timescaledb_version: str | None = None
    edition: str | None = None


def silent(_line: str) -> None:
    """A progress callback that says nothing."""


@dataclass(frozen=True)
class LocalServer:
    """A TimescaleDB of our own in one home folder.

    `volatile` trades durability for speed and keeps no database ready: for tests.
    """

    home: Home
    volatile: bool = False

    def start(self, progress: Callable[[str], None] = silent) -> URL:
        """Start it if it does not run, making what is missing; the URL of its database.

        Raises ServerError with one sentence when it cannot be started.
        """
        try:
            with self.home.lock():
                if postmaster.running(self.home.data) is None:
                    self._bring_up(progress)
                elif not (self.volatile or accounts.passwords(self.home)):
                    # one that an older program has started
                    accounts.make_accounts(self.home, self.url())
                return self.url()
        except OSError as error:
            raise ServerError(
                f"The local server in {self.home.root} cannot be started: {explained(error)}."
            ) from error

    def stop(self) -> bool:
        """Stop it; False if it was not running."""
        if not self.home.path.exists():
            return False
        with self.home.lock():
            if postmaster.running(self.home.data) is None:
                return False
            # a first start that was interrupted has not noted its programs yet
            postmaster.stop(self._known_programs() or self.programs(), self.home)
            return True

    def url(self, database: str | None = None) -> URL:
        """The superuser's URL of a database; raises ServerError before the first start."""
        password, state = self.home.password(), self.home.state()
        if password is None or state is None:
            raise ServerError(
                f"There is no local server in {self.home.path}: run `python -m db server start`."
            )
        return self._url(state.port, password, database)

    def url_of(self, part: Part) -> URL:
        """The URL of the database for a part of the program; raises ServerError as `url` does."""
        whole = self.url()
        name = accounts.OF_PART.get(part)
        password = accounts.passwords(self.home).get(name) if name else None
        return whole if password is None else whole.set(username=name, password=password)

    def status(self) -> Status:
        """Whether it runs, where, and which versions it is made of."""
        process, programs = postmaster.running(self.home.data), self._known_programs()
        status = Status(running=process is not None, home=str(self.home.path))
        if process:
            status = replace(status, pid=process.pid, port=process.port)
        if programs:
            status = replace(
                status,
                postgres_version=programs.version,
                timescaledb_version=programs.timescaledb_version,
                edition=programs.edition,
            )
        return status

    def program(self, name: str) -> Path:
        """One of this server's programs, psql for one; raises ServerError before there is one."""
        programs = self._known_programs()
        if programs is None:
            raise ServerError("There is no local server yet: run `python -m db server start`.")
        return programs.program(name)

    def _url(self, port: int, password: str, database: str | None) -> URL:
        return URL.create(
            "postgresql+psycopg",
            username=SUPERUSER,
            password=password,
            host="127.0.0.1",
            port=port,
            database=database or self._database,
        )

    @property
    def _database(self) -> str:
        return "postgres" if self.volatile else DATABASE

    def _known_programs(self) -> Programs | None:
        state = self.home.state()
        return programs_in(Path(state.bin_dir), self.home.account) if state else None

    def programs(self, progress: Callable[[str], None] = silent) -> Programs:
        """Those of the last start, else an installed server's, else Debian's packages, unpacked.

        Raises ServerError when none of these can be had.
        """
        major = postmaster.data_major(self.home.data)
        programs = self._known_programs() or installed_programs(self.home.account, major)
        if programs is None or (major and programs.major != major):
            programs = private_programs(self.home.programs, self.home.account, progress)
        if major and programs.major != major:
            raise ServerError(
                f"{self.home.data} was made by PostgreSQL {major} and only {programs.major} is "
                f"here: install PostgreSQL {major} with TimescaleDB, or set OI_HOME elsewhere."
            )
        return programs

    def _bring_up(self, progress: Callable[[str], None]) -> None:
        programs = self.programs(progress)
        self._make_cluster(programs, progress)
        port = self._start(programs, progress)
        self.home.save_state(State(str(programs.bin_dir), port, programs.timescaledb_version))

    def _make_cluster(self, programs: Programs, progress: Callable[[str], None]) -> None:
        data = self.home.data
        if (data / "PG_VERSION").exists():
            if self.home.password() is None:
                raise ServerError(
                    f"{self.home.password_file} is missing, so the data in {data} cannot be "
                    "opened: put that file back, or move the data folder away."
                )
            return
        if data.exists() and any(data.iterdir()):
            raise ServerError(f"{data} holds no PostgreSQL data: move it away or set OI_HOME.")
        progress("Making a database cluster…")
        self.home.make_cluster_folder()
        for leftover in self.home.cluster.glob("data.new-*"):
            shutil.rmtree(leftover)
        with tempfile.TemporaryDirectory(dir=self.home.cluster, prefix="data.new-") as temporary:
            self.home.own(Path(temporary))
            made = init_data(
                programs, self.home, Path(temporary), SUPERUSER, durable=not self.volatile
            )
            if data.exists():
                data.rmdir()
            made.rename(data)

    def _start(self, programs: Programs, progress: Callable[[str], None]) -> int:
        progress(f"Starting {programs}…")
        if self.volatile:
            values = volatile_settings(programs, self._database)
        else:
            values = settings(this_machine(self.home.root), programs, self._database)
        link_time_zones(programs.bin_dir, self.home.data)
        state, password = self.home.state(), self.home.password() or ""
        port = postmaster.start(
            programs,
            self.home,
            remembered_port=state.port if state else None,
            configure=lambda port: write_configuration(self.home, values, port),
        )
        if not self.volatile:
            make_database(
                self._url(port, password, "postgres"),
                self._url(port, password, DATABASE),
                updated=bool(state and state.timescaledb_version != programs.timescaledb_version),
            )
            accounts.make_accounts(self.home, self._url(port, password, DATABASE))
        return port
