"""What goes wrong, one thing at a time; `mended` is when nothing is wrong any more."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.broker import brokered
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

    def happen(self, house: House) -> float | None:
        """Let it happen, and be over; the seconds of its recovery, if it has one of its own."""
        with self.around(house):
            time.sleep(self.hold_s)
        return None


@dataclass(frozen=True)
class BrokerFault(Fault):
    """The broker's feed falls silent, as the stand-in knows to: `hold_s` includes that."""

    how: str = "silent"

    def happen(self, house: House) -> float | None:
        """Let a collector of it begin beside all else, and the broker say nothing."""
        with brokered(house.parts.direct, house.parts.folder / "broker") as beside:
            recovery_s = beside.silence(self.how, self.hold_s)
        house.wrong += beside.wrong
        return recovery_s


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
        BrokerFault("broker silent", 15.0, _as_it_is, "silent"),
        BrokerFault("broker mute", 15.0, _as_it_is, "mute"),
    ]
    absent: dict[str, str] = {}
    if house.parts.disk is None:
        absent["disk full"] = "no small disk can be mounted here"
    else:
        found.append(Fault("disk full", 4.0, _disk_full))
    if house.parts.redis is None:
        absent["Redis gone"] = "no Redis is installed, and none can be unpacked"
    else:
        found += [Fault("Redis gone", 6.0, _redis_gone), Fault("Redis frozen", 6.0, _redis_frozen)]
    if house.parts.has_clocks:
        found += [Fault(name, 6.0, around) for name, around in _STEPPED.items()]
    else:
        absent["clock steps"] = "a clock of their own needs a C compiler"
    return found, absent


@contextlib.contextmanager
def _as_it_is(_house: House | None = None) -> Iterator[None]:
    yield


def _killing(
    chosen: Callable[[House], int],
) -> Callable[[House], "contextlib.AbstractContextManager[None]"]:
    def around(house: House) -> "contextlib.AbstractContextManager[None]":
        send(chosen(house), signal.SIGKILL)
        return _as_it_is()

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


def _upkeep(house: House) -> int:
    return _any(house.upkeep).pid


def _any(programs: tuple[Program, ...]) -> Program:
    return random.choice(programs)  # noqa: S311 - no secret


_KILLED = {
    "a collector": _killing(_a_collector),
    "a web worker": _killing(_a_worker),
    "the web server": _killing(_web),
    "maintenance": _killing(_maintenance),
    "archive or conversion": _killing(_upkeep),
}
_FROZEN = {
    "a collector": _freezing(_a_collector),
    "a web worker": _freezing(_a_worker),
    "maintenance": _freezing(_maintenance),
    "archive or conversion": _freezing(_upkeep),
}


@contextlib.contextmanager
def _database_killed(house: House) -> Iterator[None]:
    house.parts.database.kill()
    try:
        yield
    finally:
        house.parts.database.start()


@contextlib.contextmanager
def _session_killed(house: House) -> Iterator[None]:
    """PostgreSQL ends all sessions then, and recovers by itself."""
    send(random.choice(house.parts.database.processes[1:]), signal.SIGKILL)  # noqa: S311
    yield


@contextlib.contextmanager
def _database_frozen(house: House) -> Iterator[None]:
    house.parts.database.send(signal.SIGSTOP)
    try:
        yield
    finally:
        house.parts.database.send(signal.SIGCONT)


@contextlib.contextmanager
def _cut(house: House) -> Iterator[None]:
    house.parts.wire.cut()
    try:
        yield
    finally:
        house.parts.wire.mend()


@contextlib.contextmanager
def _slow(house: House) -> Iterator[None]:
    house.parts.wire.slow(0.1)
    try:
        yield
    finally:
        house.parts.wire.mend()


@contextlib.contextmanager
def _stalled(house: House) -> Iterator[None]:
    house.parts.wire.stall()
    try:
        yield
    finally:
        house.parts.wire.mend()


@contextlib.contextmanager
def _exhausted(house: House) -> Iterator[None]:
    """No connection is left at the server for anybody who has none."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(DatabaseUnavailableError):
            for _ in range(_MOST_CONNECTIONS):
                stack.enter_context(session(house.parts.direct))
        yield


@contextlib.contextmanager
def _disk_full(house: House) -> Iterator[None]:
    """The database's disk takes nothing more; it may end over that."""
    assert house.parts.disk is not None  # noqa: S101 - else this is no fault of this house
    filler = house.parts.disk / "filler"
    try:
        _fill(filler)
        yield
    finally:
        filler.unlink(missing_ok=True)
        house.parts.database.start()


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"\0" * _BLOCK):
            pass


@contextlib.contextmanager
def _redis_gone(house: House) -> Iterator[None]:
    assert house.parts.redis is not None  # noqa: S101 - else this is no fault of this house
    house.parts.redis.kill()
    try:
        yield
    finally:
        house.parts.redis.start()


@contextlib.contextmanager
def _redis_frozen(house: House) -> Iterator[None]:
    assert house.parts.redis is not None  # noqa: S101 - else this is no fault of this house
    house.parts.redis.send(signal.SIGSTOP)
    try:
        yield
    finally:
        house.parts.redis.send(signal.SIGCONT)


def _stepping(
    seconds: float, *, has_database: bool
) -> Callable[[House], "contextlib.AbstractContextManager[None]"]:
    """A clock that is set wrong, and right again: a step each way."""

    @contextlib.contextmanager
    def around(house: House) -> Iterator[None]:
        clocks = [house.parts.clock, *([house.parts.database.clock] if has_database else [])]
        for clock in clocks:
            clock.set_ahead(seconds)
        try:
            yield
        finally:
            for clock in clocks:
                clock.set_ahead(0.0)

    return around


_STEPPED = {
    "clock ahead": _stepping(60.0, has_database=True),
    "clock back": _stepping(-60.0, has_database=True),
    "clock of the programs ahead": _stepping(60.0, has_database=False),
    "clock of the programs back": _stepping(-60.0, has_database=False),
}
