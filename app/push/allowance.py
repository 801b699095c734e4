"""How much a viewer may ask for: so many at once, so many a second after that."""

import time
from collections.abc import Callable


class Allowance:
    """A bucket of tokens that fills at a steady rate."""

    def __init__(
        self, burst: int, a_second: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = float(burst)
        self._a_second = a_second
        self._now = now
        self._left = self._burst
        self._at = now()

    def take(self) -> bool:
        """Use one; False when there is none left at the moment."""
        at = self._now()
        self._left = min(self._burst, self._left + (at - self._at) * self._a_second)
        self._at = at
        if self._left < 1:
            return False
        self._left -= 1
        return True
