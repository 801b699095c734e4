"""What history holds of the hour before a collector's first chains: asked for and answered.

Who assembles never touches the database, so the question goes to the thread that writes, and the
answer comes back when the database gives one.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.collector.enrich import moment_of
from app.collector.memory import SPAN, Moment
from app.telemetry.timing import timed


class Past:
    """Questions one way, answers the other; one of each for an exchange key."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: dict[str, datetime] = {}
        self._answers: dict[str, tuple[Moment, ...]] = {}
        self._added: dict[str, list[Moment]] = {}
        self._is_closed = False

    def ask(self, exchange: str, before: datetime) -> None:
        """Ask for the hour before an (aware) moment."""
        with self._changed:
            self._open[exchange] = before

    def wait(self, exchange: str) -> None:
        """Wait until the question about an exchange is settled, or nobody will."""
        with self._changed:
            self._changed.wait_for(lambda: exchange not in self._open or self._is_closed)

    def take(self, exchange: str) -> tuple[Moment, ...] | None:
        """The answer, once; None while there is none."""
        with self._changed:
            return self._answers.pop(exchange, None)

    def add(self, exchange: str, moments: Iterable[Moment]) -> None:
        """Tell of moments that nobody asked for: they have become known since."""
        with self._changed:
            self._added.setdefault(exchange, []).extend(moments)

    def take_added(self, exchange: str) -> Sequence[Moment]:
        """What was added since this was last called."""
        with self._changed:
            return self._added.pop(exchange, ())

    def questions(self) -> tuple[tuple[str, datetime], ...]:
        """Exchange keys that nothing is known of yet, each with the moment to look back from."""
        with self._changed:
            return tuple(self._open.items())

    def settle(self, exchange: str, moments: tuple[Moment, ...] | None) -> None:
        """Answer a question; None settles it without an answer, the database having none."""
        with self._changed:
            self._open.pop(exchange, None)
            if moments is not None:
                self._answers[exchange] = moments
            self._changed.notify_all()

    def close(self) -> None:
        """Release everybody who waits here."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


@timed("load history")
def stored_past(connection: Connection, exchange: str, at: datetime) -> tuple[Moment, ...]:
    """What history holds of the hour before a moment."""
    from db.queries.recording import stored_chain
    from db.queries.snapshots import instants

    earlier = instants(connection, exchange, at - SPAN, at)
    return tuple(moment_of(stored_chain(connection, exchange, each)) for each in earlier)
