"""Follows the database's announcements (LISTEN oi_live) and hands new states to the viewers."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from app.chains.states import ChainStates
from app.push.hub import Viewers
from db.errors import DatabaseUnavailableError, OIError
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import URL

_log = logging.getLogger(__name__)

_POLL_S = 1.0
_BREATH_S = 0.1
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0


class Follower:
    """One thread a process on one connection of its own; it comes back by itself when cut off."""

    def __init__(self, url: "Callable[[], URL]", states: ChainStates, viewers: Viewers) -> None:
        self._url = url
        self._states = states
        self._viewers = viewers
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to follow; does nothing when it already does."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="oi-live", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _POLL_S)

    def _run(self) -> None:
        import psycopg

        pause_s = _FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    connection.execute("LISTEN oi_live")
                    pause_s = _FIRST_PAUSE_S
                    self._follow(connection)
            except (psycopg.Error, OIError) as error:
                self._lost(error)
            except Exception as error:
                # a thread that ends silently would leave every page frozen
                _log.exception("Following the database failed")
                self._lost(error)
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _connect(self) -> "Connection[tuple[object, ...]]":
        import psycopg

        url = self._url().set(drivername="postgresql")
        return psycopg.connect(
            url.render_as_string(hide_password=False),
            autocommit=True,
            connect_timeout=5,
            application_name="oi-gemini live",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )

    def _follow(self, connection: "Connection[tuple[object, ...]]") -> None:
        # what was announced before LISTEN is caught up with by reading everything once
        self._states.outdate(*EXCHANGES)
        self._states.followed = True
        # all of them, so that the first page of each finds its chain ready
        self._publish(EXCHANGES)
        self._viewers.announce(None)
        try:
            while not self._stop.is_set():
                notices = connection.notifies(timeout=_POLL_S, stop_after=1)
                named = {notice.payload.partition(":")[0] for notice in notices}
                self._states.outdate(*named)
                if watched := named & self._viewers.watched():
                    self._publish(watched)
                    # a replay at full speed announces hundreds a second; nobody reads that fast
                    self._stop.wait(_BREATH_S)
        finally:
            self._states.followed = False

    def _publish(self, exchanges: Iterable[str]) -> None:
        for exchange in sorted(exchanges):
            self._viewers.publish(self._states.current(exchange))

    def _lost(self, error: Exception) -> None:
        reason = str(error).strip().partition("\n")[0]
        problem = error if isinstance(error, OIError) else _unavailable(reason)
        _log.warning("Not following the database: %s", problem)
        self._viewers.announce(str(problem))


def _unavailable(reason: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(f"The database does not answer: {reason}.")
