"""The database's part of what is timed: statements by name, and waits for a connection."""

from collections.abc import Callable

from app.telemetry.timing import Operation, ended
from db import watch
from db.watch import Statement

POOL_WAIT = "wait for a connection"


class _Observer:
    """Turns what `db.watch` tells into operations."""

    def statement(self, ended_: Statement) -> None:
        ended(Operation("query", ended_.name, ended_.duration_s, ended_.failed, ended_.rows))

    def connected(self, wait_s: float, failed: bool) -> None:
        ended(Operation("pool", POOL_WAIT, wait_s, failed))


def follow() -> Callable[[], None]:
    """Time all statements of this process from now on; answers what ends that."""
    return watch.observe(_Observer())
