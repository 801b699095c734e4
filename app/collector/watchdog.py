"""Notices a feed that is connected but dead: nothing arrives, or nothing but old news."""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from db.market.calendar import Instrument, Phase, phase
from db.market.clock import market_now
from db.market.limits import FEED_SILENT_S
from db.market.ticks import Source

_LOG = logging.getLogger("oi.collector")


class Watchdog:
    """Measures how long a feed has said nothing new, and asks for a new connection.

    It stands where data arrive and knows nothing of their writing. What is new is told by the
    exchange's time, which moves on from one state of a chain to the next; how long it is ago by a
    clock that nobody sets. It asks once a `silent_s`, for as long as nothing new comes. A live
    feed may be silent outside the options' session.
    """

    def __init__(
        self,
        reconnect: Callable[[], None],
        source: Source = "live",
        silent_s: float = FEED_SILENT_S,
        *,
        now: Callable[[], datetime] = market_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reconnect = reconnect
        self._keeps_hours = source == "live"
        self._silent_s = silent_s
        self._now = now
        self._clock = clock
        self._newest: dict[str, datetime] = {}
        self._heard = clock()
        self._asked: float | None = None
        self.stale_periods = 0

    def saw(self, exchange: str, timestamp: datetime) -> None:
        """A state of that chain arrived, of that moment; one without a zone is no news."""
        if timestamp.tzinfo is None:
            return
        before = self._newest.get(exchange)
        self._newest[exchange] = timestamp
        # an earlier moment than the last one is no news, but what follows it is
        if before is None or timestamp > before:
            self._heard = self._clock()

    @property
    def is_stale(self) -> bool:
        """Whether a new connection has been asked for, in vain so far."""
        return self._asked is not None

    def look(self) -> bool:
        """Whether the feed is stale now; if so, a new connection has been asked for."""
        now = self._clock()
        if self._keeps_hours and not self._is_session():
            self._heard = now
        silent_s = now - self._heard
        if silent_s <= self._silent_s:
            if self._asked is not None:
                _LOG.warning("the feed is fresh again")
            self._asked = None
            return False
        if self._asked is None:
            self.stale_periods += 1
            _LOG.warning("nothing new for %.0f s; reconnecting", silent_s)
        if self._asked is None or now - self._asked >= self._silent_s:
            self._asked = now
            self._reconnect()
        return True

    def _is_session(self) -> bool:
        return phase(self._now(), Instrument.OPTIONS) in (Phase.OPEN, Phase.UNKNOWN)
