"""Watches orders that rest, beside whoever writes chains, on a thread of its own."""

import logging
import threading

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.desk.paper.reading import EngineBooks, StoredQuotes
from app.desk.paper.resting import look
from db.backoff import Backoff
from db.errors import OIError
from db.market.clock import market_now

_LOG = logging.getLogger("oi.paper")
_LOOK_EVERY_S = 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 15.0


class RestingWatch:
    """Looks once a second, as live edges come; without a resting order that is one small read.

    Several collectors may watch: an order is ended once, whoever is first.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ended = threading.Event()
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name="paper", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """End after the look that is under way."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = _LOOK_EVERY_S
        while not self._ended.wait(pause_s):
            pause_s = self._look()

    def _look(self) -> float:
        """Look; seconds to wait before the next one."""
        try:
            look(EngineBooks(self._engine), StoredQuotes(self._engine), market_now())
        except Exception as error:  # who writes chains goes on, whatever fails here
            self._failed(error)
            return self._pauses.next_s()
        if self._trouble is not None:
            _LOG.warning("paper orders are watched again")
        self._trouble = None
        self._pauses.reset()
        return _LOOK_EVERY_S

    def _failed(self, error: Exception) -> None:
        reason = str(error).partition("\n")[0]
        if reason != self._trouble:
            is_outage = isinstance(error, OIError | SQLAlchemyError)
            _LOG.warning(
                "paper orders cannot be watched: %s", reason, exc_info=None if is_outage else error
            )
        self._trouble = reason
