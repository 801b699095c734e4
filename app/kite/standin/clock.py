"""The clock of the stand-in's market."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from db.market.clock import IST, market_now


class MarketClock:
    """Goes on from `start` (now, if not given), `speed` times as fast as real time."""

    def __init__(
        self,
        start: datetime | None = None,
        speed: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._start = (start or market_now()).astimezone(IST)
        self._monotonic = monotonic
        self._begun = monotonic()

    def __call__(self) -> datetime:
        """The present moment of the market (aware)."""
        passed_s = (self._monotonic() - self._begun) * self.speed
        return self._start + timedelta(seconds=passed_s)
