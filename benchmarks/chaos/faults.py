"""What goes wrong, one thing at a time; `mended` is when nothing is wrong any more."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.house import House
from benchmarks.chaos.programs import Program, send
from benchmarks.server.databases import session
from db.errors import DatabaseUnavailableError

_MOST_CONNECTIONS = 200
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Fault:
    """How it begins and ends, and how long it lasts in between."""

    name: str
    hold_s: float
    around: Callable[[House], "contextlib.AbstractContextManager[object]"]

    def happen(self, house: House) -> None:
        """Let it happen, and be over."""
        with self.around(house):
            time.sleep(self.hold_s)


def faults_of(house: House) -> tuple[list[Fault], dict[str, str]]:
    """All that can happen here, and what cannot and why."""
    found = [
        *(Fault(f"{name} killed", 0.0, kill) for name, kill in _KILLED.items()),
        *(Fault(f"{name} frozen", 6.0, freeze) for name, freeze in _FROZEN.items()),
        Fault("database killed", 1.0, _database_killed),
        Fault("a session of the database killed", 0.0, _session_killed),
        Fault("database frozen", 6.0, _database_frozen),
        Fault("network cut", 5.0, _cut),
        Fault("network slow", 8.0, _slow),
        Fault("network stalled", 14.0, _stalled),
        Fault("connections exhausted", 5.0, _exhausted),
    ]
    absent = {
        "clock steps": "the machine's clock is not this program's to set; tests/ingest/test_clocks",
        "broker silent": "the simulated market has no broker; python -m benchmarks feed --day",
    }
    if house.disk is None:
        absent["disk full"] = "no small disk can be mounted here"
    else:
        found.append(Fault("disk full", 4.0, _disk_full))
    return found, absent


@contextlib.contextmanager
def _nothing() -> Iterator[None]:
    yield


def _killing(
    chosen: Callable[[House], int],
) -> Callable[[House], "contextlib.AbstractContextManager[None]"]:
    def around(house: House) -> "contextlib.AbstractContextManager[None]":
        send(chosen(house), signal.SIGKILL)
        return _nothing()

    return around


def _freezing(
    chosen: Callable[[House], int],
) -> Callable[[House], "contextlib.AbstractContextManager[None]"]:
    @contextlib.contextmanager
    def around(house: House) -> Iterator[None]:
        process = chosen(house)
        send(process, signal.SIGSTOP)
        try:
            yield
        finally:
            send(process, signal.SIGCONT)

    return around


def _a_collector(house: House) -> int:
    return _any(house.collectors).pid


def _a_worker(house: House) -> int:
    return random.choice(house.web.children or [house.web.pid])  # noqa: S311 - no secret


def _web(house: House) -> int:
    return house.web.pid


def _maintenance(house: House) -> int:
    return house.maintenance.pid


def _any(programs: tuple[Program, ...]) -> Program:
    return random.choice(programs)  # noqa: S311 - no secret


_KILLED = {
    "a collector": _killing(_a_collector),
    "a web worker": _killing(_a_worker),
    "the web server": _killing(_web),
    "maintenance": _killing(_maintenance),
}
_FROZEN = {
    "a collector": _freezing(_a_collector),
    "a web worker": _freezing(_a_worker),
    "maintenance": _freezing(_maintenance),
}


@contextlib.contextmanager
def _database_killed(house: House) -> Iterator[None]:
    house.kill_database()
    try:
        yield
    finally:
        house.start_database()


@contextlib.contextmanager
def _session_killed(house: House) -> Iterator[None]:
    """PostgreSQL ends all sessions then, and recovers by itself."""
    send(random.choice(house.database_processes[1:]), signal.SIGKILL)  # noqa: S311
    yield


@contextlib.contextmanager
def _database_frozen(house: House) -> Iterator[None]:
    house.signal_database(signal.SIGSTOP)
    try:
        yield
    finally:
        house.signal_database(signal.SIGCONT)


@contextlib.contextmanager
def _cut(house: House) -> Iterator[None]:
    house.wire.cut()
    try:
        yield
    finally:
        house.wire.mend()


@contextlib.contextmanager
def _slow(house: House) -> Iterator[None]:
    house.wire.slow(0.1)
    try:
        yield
    finally:
        house.wire.mend()


@contextlib.contextmanager
def _stalled(house: House) -> Iterator[None]:
    house.wire.stall()
    try:
        yield
    finally:
        house.wire.mend()


@contextlib.contextmanager
def _exhausted(house: House) -> Iterator[None]:
    """No connection is left at the server for anybody who has none."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(DatabaseUnavailableError):
            for _ in range(_MOST_CONNECTIONS):
                stack.enter_context(session(house.direct))
        yield


@contextlib.contextmanager
def _disk_full(house: House) -> Iterator[None]:
    """The database's disk takes nothing more; it may end over that."""
    assert house.disk is not None  # noqa: S101 - else this is no fault of this house
    filler = house.disk / "filler"
    try:
        _fill(filler)
        yield
    finally:
        filler.unlink(missing_ok=True)
        house.start_database()


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * _BLOCK):
            pass
