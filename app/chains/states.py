"""The newest state of each exchange, read once however many ask for it."""

import logging
import threading
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from app.cache.flight import SingleFlight
from app.chains.newest import read_state
from app.chains.state import ChainState
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES, exchange_named

if TYPE_CHECKING:
    from sqlalchemy import Connection

_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where states are read from."""

    def newest(self) -> "AbstractContextManager[Connection]":
        """A connection that sees the newest commit, all its reads in one snapshot."""
        ...


class ChainStates:
    """Keeps one state an exchange.

    While something follows the database's announcements a state holds until it is outdated;
    otherwise every request reads anew. An exchange is read by one thread at a time: who asks
    meanwhile shares what it finds, an error too.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._flights: SingleFlight[ChainState] = SingleFlight()
        # how many announcements were heard, and how many of them the kept state has seen
        self._announced = dict.fromkeys(EXCHANGES, 0)
        self._kept: dict[str, tuple[ChainState, int]] = {}
        self._faults: dict[str, str] = {}
        self.followed = False

    def current(self, exchange: str) -> ChainState:
        """The newest state; raises InvalidInputError and the errors of a missing database."""
        exchange_named(exchange)
        announced = self._announced[exchange]
        return self.fresh(exchange) or self._flights.do(
            exchange, partial(self._renew, exchange, announced), announced
        )

    def fresh(self, exchange: str) -> ChainState | None:
        """The newest state where it is known without a read."""
        with self._lock:
            state, seen = self._kept.get(exchange, (None, 0))
            return state if self.followed and seen >= self._announced.get(exchange, 0) else None

    def clock(self, exchange: str) -> datetime:
        """The market's present, without a read: of a replay it is the moment replayed last."""
        with self._lock:
            state, _ = self._kept.get(exchange, (None, 0))
        head = None if state is None else state.chain.head
        replays = head is not None and head.source == "replayed"
        return head.timestamp if head is not None and replays else market_now()

    def outdate(self, *exchanges: str) -> None:
        """Note that the database holds something newer for these."""
        with self._lock:
            for exchange in exchanges:
                if exchange in self._announced:
                    self._announced[exchange] += 1

    def _renew(self, exchange: str, announced: int) -> ChainState:
        try:
            with self._source.newest() as connection:
                state = read_state(connection, exchange)
        except Exception as error:
            self._note(exchange, error)
            raise
        with self._lock:
            self._faults.pop(exchange, None)
            last = self._kept.get(exchange)
            state = state if last is None else state.after(last[0])
            self._kept[exchange] = state, announced
        return state

    def _note(self, exchange: str, error: Exception) -> None:
        """Log a reason once, not as often as it is met."""
        reason = str(error)
        with self._lock:
            known = self._faults.get(exchange) == reason
            self._faults[exchange] = reason
        if not known:
            _log.warning("%s cannot be read: %s", exchange, reason)
