"""Notices a feed that is connected but dead: nothing new, or nothing but old news."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

_LOG = logging.getLogger("oi.collector")
STALE_AFTER = timedelta(seconds=10)


class Watchdog:
    """Measures the age of the newest data and asks for a new connection when it is too old.

    It asks once a `stale_after`, for as long as nothing fresh comes.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        reconnect: Callable[[], None],
        stale_after: timedelta = STALE_AFTER,
    ) -> None:
        self._now = now
        self._reconnect = reconnect
        self._stale_after = stale_after
        self._newest = now()
        self._asked: datetime | None = None
        self.stale_periods = 0

    def saw(self, timestamp: datetime) -> None:
        """Data of that (aware) moment arrived."""
        self._newest = max(self._newest, timestamp)

    def look(self) -> bool:
        """Whether the feed is stale now; if so, a new connection has been asked for."""
        now = self._now()
        age = now - self._newest
        if age <= self._stale_after:
            if self._asked is not None:
                _LOG.warning("the feed is fresh again")
            self._asked = None
            return False
        if self._asked is None:
            self.stale_periods += 1
            _LOG.warning("the newest data is %.0f s old; reconnecting", age.total_seconds())
        if self._asked is None or now - self._asked >= self._stale_after:
            self._asked = now
            self._reconnect()
        return True
