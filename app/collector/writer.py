"""The one thread that writes: to a database that may be gone, or stand still, for a while."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from app.collector.counts import Counts
from app.collector.failures import may_pass, raise_if_not_migrated, reason
from app.collector.guest import OccupiedError
from app.collector.leadership import Leading
from app.collector.outbox import Outbox
from app.collector.past import Past, stored_past
from app.collector.storing import Outcome
from app.collector.telling import Telling
from app.telemetry.timing import timed
from db.backoff import Backoff
from db.engine import connected
from db.errors import DatabaseUnavailableError, OIError
from db.ingest.leases import LeaseLostError
from db.market.ticks import EnrichedSnapshot

_LOG = logging.getLogger("oi.collector")
# a little less than a second: a feed that speaks once a second is never held back until its next
_EDGE_EVERY_S = 0.8
# how long a live edge that came too soon waits at most beyond its second
_LONGEST_WAIT_S = 0.2
# a database that is back is not kept waiting: pages show old figures until then
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 4.0
T = TypeVar("T")


class Writer:
    """Takes from an outbox until that is over; outages are its own business.

    Each chain's live edge is written about once a second, each snapshot until it is in. What the
    database refuses for the data's sake is counted by reason and left out. `committed` is told of
    each chain that is newly shown and `stored` of each snapshot that is new; neither may wait.
    `failure` is what ended it before its time: NotMigratedError, or DatabaseUnavailableError where
    a recording met a database that never answered at all.
    """

    def __init__(
        self,
        engine: Engine,
        outbox: Outbox,
        past: Past,
        counts: Counts,
        leadership: Leading,
        telling: Telling,
        *,
        is_live: bool,
        ended: Callable[[], None],
        committed: Callable[[str], None] = lambda exchange: None,
        stored: Callable[[EnrichedSnapshot], None] = lambda snapshot: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._outbox = outbox
        self._past = past
        self._counts = counts
        self._leadership = leadership
        self._telling = telling
        self._is_live = is_live
        self._ended = ended
        self._committed = committed
        self._stored = stored
        self._clock = clock
        self._shown_at: dict[str, float] = {}
        self._early_at: dict[str, float] = {}
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._is_away = False
        self._has_answered = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def join(self, timeout_s: float = 5.0) -> None:
        """Wait for the write that is under way."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._outbox.is_over:
                if not self._write_something():
                    self._outbox.wait(_LONGEST_WAIT_S)
        except BaseException as exc:  # handed to the thread that started this one
            self.failure = exc
        finally:
            self._outbox.stop()
            self._past.close()
            try:
                self._leave()
            finally:
                self._ended()

    def _write_something(self) -> bool:
        """A round of what waits; whether there was anything to try."""
        self._lead()
        tried = [self._learn(), self._show(), self._store()]
        self._tell()
        return any(tried)

    def _lead(self) -> None:
        """Renew what this collector leads, and see whether what it does not has become free."""
        for exchange in self._leadership.due(self._outbox.heard()):
            is_settled, term = self._attempt(partial(self._leadership.ask, exchange=exchange))
            if not is_settled:
                return
            self._follow(exchange, term)

    def _follow(self, exchange: str, term: int | None) -> None:
        if self._leadership.learn(exchange, term):
            self._outbox.lead(exchange)
        else:
            self._outbox.stand_by(exchange)

    def _tell(self) -> None:
        """Say what the feed is at; whatever becomes of that is no reason to keep data waiting."""
        if self._is_away or not (states := self._telling.due()):
            return
        has_told = False
        try:
            with connected(self._engine) as connection, connection.begin():
                self._telling.tell(connection, states)
            has_told = True
        except (OIError, SQLAlchemyError) as exc:
            _LOG.debug("what the feed is at could not be told: %s", reason(exc))
        self._telling.tried(states, has_told=has_told)

    def _leave(self) -> None:
        if self._is_away or not self._has_answered:
            return
        try:
            with connected(self._engine) as connection, connection.begin():
                self._leadership.leave(connection)
        except (OIError, SQLAlchemyError) as exc:
            _LOG.warning("the leases run out by themselves: %s", reason(exc))

    def _learn(self) -> bool:
        """Answer one question about the past, once the spool holds nothing of it."""
        for exchange, before in self._past.questions():
            if self._outbox.is_clear_before(exchange, before):
                asked = partial(stored_past, exchange=exchange, at=before)
                is_settled, found = self._attempt(asked)
                if is_settled:
                    self._past.settle(exchange, found)
                return True
        return False

    def _show(self) -> bool:
        from db.ingest import write_live_edge

        snapshot = self._outbox.next_edge(self._is_due)
        if snapshot is None:
            return False
        fence = partial(self._leadership.fence, exchange=snapshot.exchange)
        taken_at = self._clock()
        with timed("write live edge") as step:
            is_settled, written = self._attempt(
                partial(write_live_edge, snapshot=snapshot, fence=fence)
            )
            step.size, step.failed = len(snapshot.options), not is_settled
        if is_settled:
            self._shown_at[snapshot.exchange] = taken_at
            self._counts.live_updates += written is not None
            self._committed(snapshot.exchange)
        else:
            self._outbox.keep_edge(snapshot)
        return True

    def _store(self) -> bool:
        waiting = self._outbox.next_snapshot(self._is_wanted)
        if waiting is None:
            return False
        snapshot = waiting.snapshot
        taken_at = self._clock()
        with timed("store snapshot") as step:
            is_settled, outcome = self._attempt(partial(self._leadership.store, waiting=waiting))
            step.is_idle = outcome is not Outcome.WRITTEN
            step.size, step.failed = len(snapshot.options), not is_settled
        if outcome is Outcome.EARLY:
            self._early_at[snapshot.exchange] = taken_at
        elif is_settled:
            self._shown_at[snapshot.exchange] = taken_at
            self._outbox.done(waiting)
        if outcome is Outcome.WRITTEN:
            self._counts.snapshots += 1
            self._counts.rows += len(snapshot.options)
            self._committed(snapshot.exchange)
            self._stored(snapshot)
        return True

    def _attempt(self, action: Callable[[Connection], T]) -> tuple[bool, T | None]:
        """(whether it is settled, what came of it); None of what was refused.

        After a failure that may pass it waits, and the same is to be tried again.
        """
        try:
            with connected(self._engine) as connection, connection.begin():
                found = action(connection)
        except LeaseLostError as exc:
            self._follow(exc.exchange, None)
            return False, None
        except OccupiedError:
            raise
        except Exception as exc:
            raise_if_not_migrated(exc)
            if may_pass(exc):
                self._wait(exc)
                return False, None
            self._refuse(exc)
            return True, None
        self._answered()
        return True, found

    def _wait(self, exc: Exception) -> None:
        never_answered = isinstance(exc, DatabaseUnavailableError) and not self._has_answered
        if never_answered and not self._is_live:
            raise exc
        if not self._is_away:
            _LOG.warning("%s Trying again until it is written.", str(exc).partition("\n")[0])
            self._counts.lost_connections += 1
        self._is_away = True
        self._outbox.database_is(away=True)
        # what is pooled may lead to a server that is gone, or has become a standby
        self._engine.dispose()
        self._outbox.pause(self._pauses.next_s())

    def _answered(self) -> None:
        if self._is_away:
            _LOG.warning("the database takes what is written again")
            self._outbox.database_is(away=False)
        self._is_away, self._has_answered = False, True
        self._pauses.reset()

    def _refuse(self, exc: Exception) -> None:
        why = reason(exc)
        _LOG.error("the database refused a chain: %s", why)
        self._counts.refused[why] += 1

    def _is_wanted(self, exchange: str) -> bool:
        """Whether a snapshot of that key may be tried: its own, or one that a leader may lack."""
        if self._leadership.leads(exchange):
            return True
        is_asked = self._outbox.stands_by(exchange) or exchange not in self._outbox.heard()
        early_s = self._clock() - self._early_at.get(exchange, -_EDGE_EVERY_S)
        return is_asked and early_s >= _EDGE_EVERY_S

    def _is_due(self, exchange: str) -> bool:
        if not self._leadership.leads(exchange):
            return False
        return self._clock() - self._shown_at.get(exchange, -_EDGE_EVERY_S) >= _EDGE_EVERY_S
