"""Says in the log what took longer than a second: its name and how long, never its values."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from time import monotonic
from typing import TYPE_CHECKING

from app.telemetry.timing import Operation
from db.errors import OIError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOG = logging.getLogger("oi.telemetry")
_SAY_AGAIN_S = 10.0
_WORDS = {"query": "statement", "route": "request", "pool": "pool", "socket": "link"}
_SIZES = {"query": "rows", "route": "bytes", "step": "rows"}

Reading = Callable[[], "AbstractContextManager[Connection]"]


class SlowLog:
    """A sink: of each name one line in ten seconds, with how many there were meanwhile.

    With `reading` the plan of a slow statement follows, once a name.
    """

    def __init__(
        self,
        slow_after_s: float,
        reading: Reading | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._slow_after_s = slow_after_s
        self._reading = reading
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}
        self._planned: set[str] = set()

    def __call__(self, operations: Sequence[Operation]) -> None:
        """Look at a batch."""
        for each in operations:
            if each.duration_s >= self._slow_after_s and each.kind != "age":
                self._slow(each)

    def _slow(self, operation: Operation) -> None:
        key = (operation.kind, operation.name)
        now = self._clock()
        said_at, silent = self._said.get(key, (now - _SAY_AGAIN_S, 0))
        if now - said_at < _SAY_AGAIN_S:
            self._said[key] = said_at, silent + 1
            return
        self._said[key] = now, 0
        _LOG.warning("slow %s%s", _sentence(operation), f", and {silent} more" if silent else "")
        if operation.kind == "query":
            self._plan(operation.name)

    def _plan(self, name: str) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        from db.queries.plans import generic_plan

        if self._reading is None or name in self._planned:
            return
        self._planned.add(name)
        try:
            with self._reading() as connection:
                lines = generic_plan(connection, name)
        except (OIError, SQLAlchemyError) as error:
            _LOG.warning("no plan of %s: %s", name, str(error).partition("\n")[0])
            return
        _LOG.warning("plan of %s:\n%s", name, "\n".join(lines))


def _sentence(operation: Operation) -> str:
    kind = _WORDS.get(operation.kind, operation.kind)
    unit = _SIZES.get(operation.kind)
    size = f", {operation.size:,} {unit}" if unit and operation.size is not None else ""
    failed = ", failed" if operation.failed else ""
    return f"{kind} {operation.name}: {operation.duration_s:.2f} s{size}{failed}"
