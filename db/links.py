"""Links to the database that notice when nothing comes through any more.

A peer that vanished without a word is found by the system: it probes a silent link and limits how
long what was sent may stay unacknowledged. A proxy or a server that stands still goes on
acknowledging and never answers; only a clock on this side finds that.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-TCP-USER-TIMEOUT
"""

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import FeatureNotSupported, _WaitTimeout
from psycopg.pq import TransactionStatus
from psycopg.rows import RowFactory, tuple_row
from sqlalchemy import URL

from db.urls import conninfo

T = TypeVar("T")
Row = TypeVar("Row")

_CONNECT_TIMEOUT_S = 10
_SILENCE_S = 10
_PROBES = 3
_MS = 1000


class Link(psycopg.Connection[Row]):
    """A connection that is given up when an answer takes longer than `patience_s`; None: never.

    One that `only_reads` has nothing to take back and ends a transaction by a commit: at a rollback
    psycopg gives up all that was prepared on the connection, and each read is planned anew. Where
    one has failed, that is right: a statement that cannot be run again as prepared may be why.
    """

    patience_s: float | None = None
    only_reads = False
    _is_outdated = False

    def rollback(self) -> None:
        """End a transaction; what it wrote is gone."""
        status = self.info.transaction_status
        if self._is_outdated and status == TransactionStatus.IDLE:
            # no transaction is there to fail, and psycopg would go on with what it has prepared
            self._is_outdated = False
            self.execute("DEALLOCATE ALL")
        if self.only_reads and status != TransactionStatus.INERROR:
            self.commit()
        else:
            super().rollback()

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Wait for the server; raises OperationalError, and is closed, when it takes too long."""
        try:
            return self._answer(gen, interval, timeout)
        except FeatureNotSupported:
            # of a table whose columns are others by now, for one
            self._is_outdated = True
            raise

    def _answer(self, gen: PQGen[T], interval: float, timeout: float | None) -> T:
        if timeout is not None or self.patience_s is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience_s)
        except _WaitTimeout:
            # whatever comes now would be taken for the answer to the next question
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer for {self.patience_s:g} s") from None


def parameters(
    *, connect_timeout_s: int = _CONNECT_TIMEOUT_S, silence_s: int = _SILENCE_S
) -> dict[str, Any]:
    """What every connection of ours is opened with: a dead link is given up after `silence_s`."""
    return {
        # a database of bytes, SQL_ASCII, would give bytes for text
        "client_encoding": "utf8",
        "connect_timeout": connect_timeout_s,
        "keepalives": 1,
        "keepalives_idle": max(1, silence_s // 2),
        "keepalives_interval": max(1, silence_s // (2 * _PROBES)),
        "keepalives_count": _PROBES,
        "tcp_user_timeout": silence_s * _MS,
    }


def connect(
    url: URL,
    *,
    application_name: str,
    patience_s: float | None = None,
    options: str = "",
    row_factory: RowFactory[Any] = tuple_row,
    prepare_threshold: int | None = 5,
) -> Link[Any]:
    """A link of its own in autocommit mode; raises the driver's errors."""
    link: Link[Any] = Link.connect(
        conninfo(url),
        autocommit=True,
        application_name=application_name,
        prepare_threshold=prepare_threshold,
        row_factory=row_factory,
        options=options or None,
        **parameters(),
    )
    link.patience_s = patience_s
    return link
