"""Who wants to know how long statements take and connections are waited for: nobody, unless told.

A statement is known by the name it has in its `.sql` file, never by its text or its values. What
goes through SQLAlchemy is watched by `db.watched`; this here loads nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that has ended after so many seconds; `rows` is None where nobody counted."""

    name: str
    duration_s: float
    rows: int | None
    failed: bool


class Observer(Protocol):
    """Is told by the thread that asked, while the asker waits: it must not wait itself."""

    def statement(self, ended: Statement) -> None:
        """A statement has ended."""
        ...

    def connected(self, wait_s: float, failed: bool) -> None:
        """A connection of a pool was waited for, or was not to be had."""
        ...


_observers: list[Observer] = []


def observe(observer: Observer) -> Callable[[], None]:
    """Tell `observer` of all from now on; answers what ends that."""
    _observers.append(observer)
    return lambda: _observers.remove(observer)


def statement_ended(name: str, began: float, rows: int | None, *, failed: bool = False) -> None:
    """Tell of a statement that began at `began`, by `time.perf_counter`."""
    if _observers:
        ended = Statement(name, perf_counter() - began, rows, failed)
        for observer in tuple(_observers):
            observer.statement(ended)


def connection_waited(began: float, *, failed: bool = False) -> None:
    """Tell of a wait for a connection that began at `began`, by `time.perf_counter`."""
    if _observers:
        wait_s = perf_counter() - began
        for observer in tuple(_observers):
            observer.connected(wait_s, failed)
