"""What the monitoring page reads of the database, renewed in the background while somebody looks.

Nobody waits for it: a part that cannot be read is shown as it was, with why and since when.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from app.web.database import Database
from app.worker import Worker
from db.errors import OIError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.5
_UNSEEN_AFTER_S = 30.0
_FIRST_WAIT_S = 1.0

Read = Callable[["Connection"], Any]


class Part(NamedTuple):
    """A part's newest value (None: there was none yet), how old it is, and why it is not newer."""

    value: Any
    age_s: float | None
    problem: str | None


@dataclass(slots=True)
class _Kept:
    read: Read
    every_s: float
    value: Any = None
    read_at: float | None = None
    due_at: float = 0.0
    problem: str | None = None

    def part(self, now: float) -> Part:
        age_s = None if self.read_at is None else now - self.read_at
        return Part(self.value, age_s, self.problem)


class Parts:
    """Reads each part on a thread that rests while nobody looks; may be used by any thread."""

    def __init__(
        self,
        database: Database,
        reads: Mapping[str, tuple[Read, float]],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._kept = {name: _Kept(read, every_s) for name, (read, every_s) in reads.items()}
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._has_read = threading.Event()
        self._seen_at = 0.0
        self._is_closed = False

    def seen(self) -> dict[str, Part]:
        """All parts for somebody who looks now; the first one waits a moment for them."""
        self._seen_at = self._clock()
        self._begin()
        self._has_read.wait(_FIRST_WAIT_S)
        now = self._clock()
        return {
            name: Part(
                each.value, None if each.read_at is None else now - each.read_at, each.problem
            )
            for name, each in self._kept.items()
        }

    def close(self) -> None:
        """Read no more."""
        with self._lock:
            self._is_closed = True
        if self._worker is not None:
            self._worker.close()

    def _begin(self) -> None:
        with self._lock:
            if self._worker is None and not self._is_closed:
                self._worker = Worker("monitoring", self._turn)
                self._worker.start()

    def _turn(self) -> float | None:
        if self._clock() - self._seen_at > _UNSEEN_AFTER_S:
            with self._lock:
                self._worker = None
            self._has_read.clear()
            return None
        for each in self._kept.values():
            if self._clock() >= each.due_at:
                self._renew(each)
        self._has_read.set()
        return _LOOK_EVERY_S

    def _renew(self, each: _Kept) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._database.newest() as connection:
                each.value = each.read(connection)
            each.read_at, each.problem = self._clock(), None
        except (OIError, SQLAlchemyError) as error:
            each.problem = str(error).partition("\n")[0]
        except Exception as error:
            # one part that cannot be read must not leave all others frozen
            _LOG.exception("A part of the monitoring page cannot be read")
            each.problem = f"It cannot be read: {type(error).__name__}."
        each.due_at = self._clock() + each.every_s
