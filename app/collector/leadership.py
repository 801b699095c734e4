"""Which collector writes a chain: one at a time, by leases in the database.

Who asks first leads a key for as long as it renews the lease and has something of that key to
say. Every write of the leader is fenced: its transaction holds the lease until it ends, and fails
once another has taken it. Who does not lead stands by: it assembles all the same and takes over
when the lease runs out. What waits in a spool is history that nobody else may have; of a key that
another leads only what the database lacks is stored, in a moment in which the leader does not
write. The database has a mark of the schedule once, whoever's state that is.
"""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from sqlalchemy import Connection

from app.collector.outbox import Waiting
from app.collector.storing import Outcome, is_followed, is_passed, stored_of_mark, written
from db.market.ticks import EnrichedSnapshot
from db.market.trading import options_trade

_LOG = logging.getLogger("oi.collector")
_ASK_EVERY_S = 1.0
QUIET_S = 30.0
"""A key of which a collector hears nothing for so long in a session is left to one that does."""


class Leading(Protocol):
    """Who may write what, as a writer asks; `holder` is its name among the leases."""

    holder: str

    def due(self, heard: Mapping[str, float]) -> Iterable[str]:
        """Keys whose lease is to be asked for now; `heard` is when each last had something."""
        ...

    def ask(self, connection: Connection, exchange: str) -> int | None:
        """Take or renew a lease; its term, or None while another holds it."""
        ...

    def learn(self, exchange: str, term: int | None) -> bool:
        """Take in what came of `ask`, once it is committed; whether this one leads."""
        ...

    def leads(self, exchange: str) -> bool:
        """Whether this collector may try to write a key."""
        ...

    def fence(self, connection: Connection, exchange: str) -> None:
        """Raise what forbids a write, in its own transaction."""
        ...

    def store(self, connection: Connection, waiting: Waiting) -> Outcome:
        """Write a snapshot that waits, as far as it is this collector's to write."""
        ...

    def leave(self, connection: Connection) -> None:
        """Let go of all leases."""
        ...


class Leadership:
    """The leases of a live collector; for its writer's thread alone.

    `interval_s` is what lies between two marks of its schedule, and of all collectors beside it.
    """

    def __init__(
        self,
        interval_s: int,
        holder: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        trades: Callable[[], bool] = options_trade,
    ) -> None:
        self.holder = holder or _new_holder()
        self._interval_s = interval_s
        self._clock = clock
        self._trades = trades
        self._terms: dict[str, int] = {}
        self._asked: dict[str, float] = {}

    def due(self, heard: Mapping[str, float]) -> Iterable[str]:
        """Keys that are not quiet in a session, each about once a second."""
        now = self._clock()
        is_session = self._trades()
        return [
            exchange
            for exchange, last in heard.items()
            if now - self._asked.get(exchange, -_ASK_EVERY_S) >= _ASK_EVERY_S
            and not (is_session and now - last >= QUIET_S)
        ]

    def ask(self, connection: Connection, exchange: str) -> int | None:
        """Take or renew a lease; its term, or None while another holds it."""
        from db.ingest.leases import acquire

        return acquire(connection, exchange, self.holder)

    def learn(self, exchange: str, term: int | None) -> bool:
        """Take in what came of `ask`, once it is committed; whether this one leads."""
        is_known, before = exchange in self._asked, self._terms.get(exchange)
        self._asked[exchange] = self._clock()
        if term is None:
            self._terms.pop(exchange, None)
            if before is not None or not is_known:
                _LOG.warning("another collector writes %s now; this one stands by", exchange)
            return False
        self._terms[exchange] = term
        if term != before:
            _LOG.info("this collector writes %s now (%s)", exchange, self.holder)
        return True

    def leads(self, exchange: str) -> bool:
        """Whether the lease was this collector's when it last asked."""
        return exchange in self._terms

    def fence(self, connection: Connection, exchange: str) -> None:
        """Keep the lease until the transaction ends; raises LeaseLostError if it is another's."""
        from db.ingest.leases import LeaseLostError, guard

        term = self._terms.get(exchange)
        if term is None:
            raise LeaseLostError(exchange)
        guard(connection, exchange, self.holder, term)

    def store(self, connection: Connection, waiting: Waiting) -> Outcome:
        """As the leader write it; else only what the database lacks, once the leader is past it."""
        snapshot = waiting.snapshot
        if not self.leads(snapshot.exchange):
            return self._fill(connection, snapshot)
        if self._is_known(connection, waiting):
            return Outcome.KNOWN
        # the lease is kept already, until the transaction ends
        return written(connection, snapshot)

    def leave(self, connection: Connection) -> None:
        """Let go of all leases, so that a standby need not wait for their end."""
        from db.ingest.leases import release

        for exchange in self._terms:
            release(connection, exchange, self.holder)

    def _is_known(self, connection: Connection, waiting: Waiting) -> bool:
        """Whether history has its mark already, from another or by a clock that was ahead.

        The same instant again may be a commit that was not confirmed.
        """
        snapshot = waiting.snapshot
        # who fills does so before this, or not at all
        self.fence(connection, snapshot.exchange)
        if waiting.is_doubtful and is_followed(connection, snapshot):
            return True
        held = stored_of_mark(connection, snapshot, self._interval_s)
        return any(at != snapshot.timestamp for at in held)

    def _fill(self, connection: Connection, snapshot: EnrichedSnapshot) -> Outcome:
        """Store what no leader has stored, nor will: it leads nobody, or has gone on from there."""
        from db.ingest.leases import exclude, release

        exchange = snapshot.exchange
        is_free = self.ask(connection, exchange) is not None
        if not is_free and not exclude(connection, exchange):
            return Outcome.EARLY
        if stored_of_mark(connection, snapshot, self._interval_s):
            outcome = Outcome.KNOWN
        elif is_free or is_passed(connection, snapshot):
            outcome = written(connection, snapshot)
        else:
            outcome = Outcome.EARLY
        if is_free:
            release(connection, exchange, self.holder)
        return outcome


def _new_holder() -> str:
    """Host and process for people; the rest makes it nobody else's, ever."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
