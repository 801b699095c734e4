"""When something that ended by itself may be started again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from db.backoff import Backoff

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0


def _backoff() -> Backoff:
    return Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)


@dataclass
class Patience:
    """Pauses that grow while something keeps ending, and begin anew once it has run a while."""

    backoff: Backoff = field(default_factory=_backoff)
    steady_s: float = STEADY_S
    clock: Callable[[], float] = time.monotonic
    _started: float | None = None
    _due: float = 0.0

    def started(self) -> None:
        """It runs from now on."""
        self._started = self.clock()

    def ended(self) -> float:
        """It has ended, or could not be started; the seconds until it should be tried again."""
        now = self.clock()
        if self._started is not None and now - self._started >= self.steady_s:
            self.backoff.reset()
        self._started = None
        pause_s = self.backoff.next_s()
        self._due = now + pause_s
        return pause_s

    @property
    def is_over(self) -> bool:
        """Whether the pause has passed."""
        return self.clock() >= self._due
