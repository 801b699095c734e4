"""The broker's limits on requests, kept by waiting before they are broken."""

import threading
import time
from collections.abc import Callable

QUOTES_PER_S = 1.0
HISTORICAL_PER_S = 3.0
OTHERS_PER_S = 10.0
QUOTE_INSTRUMENTS = 500
TICKER_TOKENS = 3000
TICKER_CONNECTIONS = 3
_SLACK = 1.08
"""What a request may be late on its way by, in the broker's second, before the next one is early:
one that is refused costs seconds.
"""


class TokenBucket:
    """Lets through not quite `per_s` calls a second, from any number of threads; no bursts."""

    def __init__(
        self,
        per_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pause_s = _SLACK / per_s
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = 0.0

    def take(self) -> None:
        """Wait for a turn."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._pause_s
        if turn > now:
            self._sleep(turn - now)

    def hold(self, duration_s: float) -> None:
        """Let nobody through for so long: the broker has asked to wait."""
        with self._lock:
            self._next = max(self._next, self._clock() + duration_s)
