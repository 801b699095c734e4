"""Watches orders that rest, beside whoever writes chains, on a thread of its own."""

import logging

from sqlalchemy import Engine

from app.desk.paper.reading import EngineBooks, StoredQuotes
from app.desk.paper.resting import look
from app.trouble import Trouble
from app.worker import Worker
from db.backoff import Backoff
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
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._trouble = Trouble(
            _LOG, "paper orders cannot be watched", "paper orders are watched again"
        )
        self._worker = Worker("paper", self._look, first_pause_s=_LOOK_EVERY_S)

    def start(self) -> None:
        """Begin to watch."""
        self._worker.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """End after the look that is under way."""
        self._worker.close(timeout_s)

    def _look(self) -> float:
        """Look; seconds to wait before the next one."""
        try:
            look(EngineBooks(self._engine), StoredQuotes(self._engine), market_now())
        except Exception as error:  # who writes chains goes on, whatever fails here
            self._trouble.met(error)
            return self._pauses.next_s()
        self._trouble.over()
        self._pauses.reset()
        return _LOOK_EVERY_S
