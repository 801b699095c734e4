"""A limit on failed sign-ins, so that a password cannot be tried through."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_FAILURES = 5
_WINDOW_S = 60.0
_ADDRESSES = 4096


class AttemptLimit:
    """Counts failures by address: five within a minute close the door until the minute is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until that address may try again; 0 when it may now."""
        with self._lock:
            recent = self._recent(address)
            if len(recent) < _FAILURES:
                return 0.0
            return recent[-_FAILURES] + _WINDOW_S - self._clock()

    def failed(self, address: str) -> None:
        """Note a failure."""
        with self._lock:
            self._failures[address] = [*self._recent(address), self._clock()]
            self._failures.move_to_end(address)
            while len(self._failures) > _ADDRESSES:
                self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Forget the failures of an address."""
        with self._lock:
            self._failures.pop(address, None)

    def _recent(self, address: str) -> list[float]:
        since = self._clock() - _WINDOW_S
        return [at for at in self._failures.get(address, ()) if at > since]
