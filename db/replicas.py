"""Streaming replicas that share the reads of history: balanced, and left out while behind.

How far one is behind is measured against positions in the write-ahead log that the primary was
seen at: no clock of a server counts, and one whose link to the primary is cut is found as well.
Nobody reads at a replica what is older than what this process has seen at the primary already.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from db.engine import connected, engine_for, newest_engine
from db.errors import DatabaseUnavailableError, OIError
from db.once import once
from db.settings import Settings, settings

_LOG = logging.getLogger("oi.replicas")
_LOOK_EVERY_S = 0.5
# a server that was asked so long ago and has not answered since is as good as gone
_OVERDUE_S = 3.0
_SAMPLES = 240
# a replica that was promoted writes a log of its own
_POSITION = text(
    """
    SELECT pg_wal_lsn_diff(
        CASE
            WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
            ELSE pg_current_wal_flush_lsn()
        END,
        '0/0'
    )::bigint AS position
    """
)


@once
def replicas() -> "Replicas | None":
    """The replicas of this process, watched from now on; None where none is set."""
    return replicas_of(settings(), newest_engine)


def replicas_of(chosen: Settings, primary: Callable[[], Engine]) -> "Replicas | None":
    """The replicas that settings name, watched from now on; None where they name none."""
    if not chosen.database_read_urls:
        return None
    engines = [
        engine_for(url, settings=chosen, read_only=True) for url in chosen.database_read_urls
    ]
    found = Replicas(primary(), engines, chosen.replica_lag_s)
    found.start()
    return found


class Track:
    """Where the primary's log was when; for the threads that look."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)
        self.has_failed = False

    def saw(self, position: int) -> bool:
        """Note where the log is now; whether it goes on, as it does not where another took over."""
        goes_on = not self._seen or position >= self._seen[-1][1]
        if not goes_on:
            self._seen.clear()
        if not self._seen or position > self._seen[-1][1]:
            self._seen.append((self._clock(), position))
        self.has_failed = False
        return goes_on

    def behind_s(self, position: int) -> float | None:
        """For how long a replica at `position` has lacked what the primary had; None: unknown."""
        if not self._seen:
            # while nobody answers who could say, what it holds is better than nothing
            return 0.0 if self.has_failed else None
        missing = next((at for at, seen in tuple(self._seen) if seen > position), None)
        return 0.0 if missing is None else self._clock() - missing


class Replica:
    """One replica, and how far behind it was when it was last asked."""

    def __init__(self, engine: Engine, name: str, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.name = name
        self.position = 0
        self._clock = clock
        self._verdict: str | None = "not asked yet"
        self._looked_at = clock()

    @property
    def is_near(self) -> bool:
        """Whether it may be read from."""
        return self._verdict is None and self._clock() - self._looked_at < _OVERDUE_S

    def judge(self, position: int, behind_s: float | None, most_s: float) -> None:
        """Take in what it answered."""
        self.position = position
        self._looked_at = self._clock()
        if behind_s is None:
            return
        self._say(f"{most_s:g} s behind or more" if behind_s >= most_s else None)

    def leave_out(self, error: Exception) -> None:
        """Read nothing from it until it answers again."""
        self._say(str(error).partition("\n")[0])

    def _say(self, verdict: str | None) -> None:
        known, self._verdict = self._verdict, verdict
        if verdict is None and known is not None:
            _LOG.info("replica %s is read from", self.name)
        elif verdict is not None and known is None:
            _LOG.warning("replica %s is left out: %s", self.name, verdict)


class Replicas:
    """Hands out connections of the least busy replica that is near, else of the primary."""

    def __init__(
        self,
        primary: Engine,
        engines: Sequence[Engine],
        most_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._most_s = most_s
        self._track = Track(clock)
        self._replicas = [
            Replica(engine, f"{number}", clock) for number, engine in enumerate(engines, 1)
        ]
        self._turn = 0
        self._demanded = 0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to watch, each server on a thread of its own: one may stand still."""
        looks = [self._look_at_primary, *(self._look_at(each) for each in self._replicas)]
        self._threads = [
            threading.Thread(
                target=self._keep_looking, args=(look,), name="oi-replicas", daemon=True
            )
            for look in looks
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop watching, and close the replicas' connections."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_OVERDUE_S)
        for replica in self._replicas:
            replica.engine.dispose()

    @property
    def near(self) -> int:
        """How many are read from."""
        return sum(each.is_near for each in self._replicas)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection for reading; raises DatabaseUnavailableError when none can be had."""
        with ExitStack() as stack:
            found = self._of_replica(stack)
            if found is None:
                yield stack.enter_context(connected(self._primary))
                return
            replica, connection = found
            try:
                yield connection
            except DatabaseUnavailableError as error:
                replica.leave_out(error)
                raise

    def saw(self, primary: Connection) -> None:
        """From now on demand of a replica all that this connection to the primary could see."""
        position: int | None = primary.scalar(_POSITION)
        self._demanded = max(self._demanded, position or 0)

    def _of_replica(self, stack: ExitStack) -> tuple[Replica, Connection] | None:
        for replica in self._in_turn():
            with ExitStack() as trial:
                try:
                    connection = trial.enter_context(connected(replica.engine))
                    has_all = self._has_all(replica, connection)
                except DatabaseUnavailableError as error:
                    replica.leave_out(error)
                    continue
                if has_all:
                    stack.push(trial.pop_all())
                    return replica, connection
        return None

    def _in_turn(self) -> list[Replica]:
        """Those that are near, the least busy first; of equals each has its turn."""
        self._turn += 1
        turn = self._turn % len(self._replicas)
        near = [each for each in self._replicas[turn:] + self._replicas[:turn] if each.is_near]
        return sorted(near, key=lambda each: each.engine.pool.checkedout())  # type: ignore[attr-defined]

    def _has_all(self, replica: Replica, connection: Connection) -> bool:
        if replica.position < self._demanded:
            replica.position = connection.scalar(_POSITION) or 0
            connection.rollback()
        return replica.position >= self._demanded

    def _keep_looking(self, look: Callable[[], None]) -> None:
        while not self._stop.is_set():
            look()
            self._stop.wait(_LOOK_EVERY_S)

    def _look_at_primary(self) -> None:
        try:
            with connected(self._primary) as connection:
                position = connection.scalar(_POSITION) or 0
            if not self._track.saw(position):
                self._demanded = position
        except (OIError, SQLAlchemyError):
            self._track.has_failed = True

    def _look_at(self, replica: Replica) -> Callable[[], None]:
        def look() -> None:
            try:
                with connected(replica.engine) as connection:
                    position = connection.scalar(_POSITION) or 0
            except (OIError, SQLAlchemyError) as error:
                replica.leave_out(error)
            else:
                replica.judge(position, self._track.behind_s(position), self._most_s)

        return look
