"""Follows the database's announcements: what they name is outdated, and read if watched."""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.chains.states import ChainStates
from app.push.hub import Hub
from app.push.listener import Listener
from app.push.reader import Reader
from app.worker import Worker
from db.backoff import Backoff
from db.errors import DatabaseUnavailableError, OIError
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from sqlalchemy import URL

_log = logging.getLogger(__name__)

_POLL_S = 1.0
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
# after a silence of so long the server is asked whether it is there, and given so long to answer
SILENCE_S = 5.0
ANSWER_S = 5.0


class Follower:
    """One thread a process on one connection of its own; it comes back by itself when cut off."""

    def __init__(
        self, url: "Callable[[], URL]", states: ChainStates, hub: Hub, reader: Reader
    ) -> None:
        self._url = url
        self._states = states
        self._hub = hub
        self._reader = reader
        self._pause = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._reason: str | None = None
        self._worker = Worker("oi-follower", self._turn)

    def start(self) -> None:
        """Begin to follow; does nothing when it already does."""
        self._worker.start()

    @property
    def is_closed(self) -> bool:
        """Whether it was ended, and starts no more."""
        return self._worker.closed.is_set()

    def close(self) -> None:
        """End the thread."""
        self._worker.close(2 * _POLL_S)

    def _turn(self) -> float:
        import psycopg

        try:
            with Listener(self._url()) as listener:
                self._pause.reset()
                self._follow(listener)
        except (psycopg.Error, OIError) as error:
            self._lost(error)
        except Exception as error:
            # a thread that ends silently would leave every page frozen
            _log.exception("Following the database failed")
            self._lost(error)
        return self._pause.next_s()

    def _follow(self, listener: Listener) -> None:
        # what was announced before LISTEN is caught up with by reading everything once
        self._states.outdate(*EXCHANGES)
        self._states.followed = True
        self._reason = None
        # all of them, so that the first page of each finds its chain ready
        self._reader.want(EXCHANGES)
        self._reader.want_feeds()
        heard_at = time.monotonic()
        try:
            while not self.is_closed:
                heard = listener.heard(_POLL_S)
                self._reader.look_at_feeds()
                if heard.feeds:
                    self._reader.want_feeds()
                for notice in heard.notices:
                    self._hub.notify(notice)
                if heard.chains:
                    self._states.outdate(*heard.chains)
                    self._reader.want(heard.chains & self._hub.watched())
                if not any(heard):
                    if time.monotonic() - heard_at < SILENCE_S:
                        continue
                    listener.demand_answer(ANSWER_S)
                heard_at = time.monotonic()
        finally:
            self._states.followed = False

    def _lost(self, error: Exception) -> None:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        problem = error if isinstance(error, OIError) else _unavailable(reason)
        if str(problem) != self._reason:
            _log.warning("Not following the database: %s", problem)
        self._reason = str(problem)
        self._hub.announce(str(problem), *EXCHANGES)


def _unavailable(reason: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(f"The database does not answer: {reason}.")
