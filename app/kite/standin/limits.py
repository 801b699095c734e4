"""How many requests a second the broker takes (https://kite.trade/docs/connect/v3/exceptions/)."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from app.kite.standin.errors import too_many

QUOTE, HISTORICAL, OTHER = "quote", "historical", "other"
A_SECOND = {QUOTE: 1, HISTORICAL: 3, OTHER: 10}
_WINDOW_S = 1.0


class Limits:
    """Counts the requests of the second gone by, by API key and kind."""

    def __init__(self, enforced: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self.enforced = enforced
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def take(self, api_key: str, kind: str) -> None:
        """Count one request; raises KiteError (429) for one too many, which counts as none."""
        if not self.enforced:
            return
        now = self._clock()
        with self._lock:
            taken = self._taken[api_key, kind]
            while taken and taken[0] <= now - _WINDOW_S:
                taken.popleft()
            if len(taken) >= A_SECOND[kind]:
                raise too_many()
            taken.append(now)
