"""A connection that hears the database's announcements and never waits longer than it was asked to.

The driver's own calls wait for as long as the network keeps silent; a link whose packets are
swallowed would hold them for many minutes.
"""

import select
import time
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from app.push.notices import Notice
from db.errors import DatabaseUnavailableError
from db.notices import CHANNEL as NOTICES

if TYPE_CHECKING:
    from sqlalchemy import URL

_CHANNEL = "oi_live"
_OF_FEED = "feed"
_CONNECT_S = 5
_MS = 1000
# a peer that acknowledges nothing for so long is gone
_ACKNOWLEDGE_MS = 10_000


class Heard(NamedTuple):
    """What was announced: newer chains of these exchanges, words of feeds, news of other topics."""

    chains: set[str]
    feeds: bool
    notices: list[Notice]


class Listener:
    """An open connection that listens; a context manager that closes it."""

    def __init__(self, url: "URL") -> None:
        """Connect and listen; raises psycopg.Error or DatabaseUnavailableError."""
        import psycopg

        from db.urls import conninfo

        self._connection = psycopg.connect(
            conninfo(url),
            autocommit=True,
            connect_timeout=_CONNECT_S,
            application_name="oi-gemini live",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=_ACKNOWLEDGE_MS,
        )
        self._wire = self._connection.pgconn
        self._heard: set[tuple[str, str]] = set()
        self._notices: list[Notice] = []
        self._ready = select.poll()
        self._ready.register(self._wire.socket, select.POLLIN)
        try:
            for channel in (_CHANNEL, NOTICES):
                self._ask(b"LISTEN " + channel.encode(), _CONNECT_S)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def heard(self, timeout_s: float) -> Heard:
        """What was announced since the last call; waits for it so long and no longer."""
        self._collect()
        if not (self._heard or self._notices) and self._ready.poll(timeout_s * _MS):
            self._wire.consume_input()
            self._collect()
        heard, self._heard = self._heard, set()
        notices, self._notices = self._notices, []
        chains = {exchange for exchange, what in heard if what != _OF_FEED}
        return Heard(chains, len(heard) > len(chains), notices)

    def demand_answer(self, within_s: float) -> None:
        """Raise DatabaseUnavailableError unless the server answers a question so soon."""
        self._ask(b"SELECT 1", within_s)

    def _ask(self, statement: bytes, within_s: float) -> None:
        from psycopg.pq import ExecStatus

        self._wire.send_query(statement)
        end = time.monotonic() + within_s
        while True:
            while self._wire.is_busy():
                self._await(end, within_s)
            result = self._wire.get_result()
            if result is None:
                break
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                reason = result.error_message.decode(errors="replace").strip()
                raise DatabaseUnavailableError(f"The database does not answer: {reason}.")
        self._collect()

    def _await(self, end: float, within_s: float) -> None:
        left_s = end - time.monotonic()
        if left_s <= 0 or not self._ready.poll(left_s * _MS):
            raise DatabaseUnavailableError(
                f"The database does not answer: it has said nothing for {within_s:.0f} s."
            )
        self._wire.consume_input()

    def _collect(self) -> None:
        while (notice := self._wire.notifies()) is not None:
            text = notice.extra.decode()
            if notice.relname.decode() == NOTICES:
                news = Notice.heard(text)
                self._notices += [] if news is None else [news]
                continue
            exchange, _, what = text.partition(":")
            self._heard.add((exchange, what if what == _OF_FEED else ""))
