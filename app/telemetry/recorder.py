"""Takes note of what ends in a process, off the path of whoever waits for it.

An operation that ends leaves a word in a bounded queue, which costs less than a microsecond;
a thread counts what waits there, and so does whoever wants figures.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from app.telemetry.tallies import Figures, Key, Tallies
from app.telemetry.timing import Operation
from app.worker import Worker

_MOST_WAITING = 100_000
_COUNT_EVERY_S = 1.0
# to count brings a library that the first pages need not compete with
_FIRST_S = 3.0
Sink = Callable[[Sequence[Operation]], None]


class Recorder:
    """Counts operations; `sinks` are told of those of a key at once, on the thread that counts.

    `within_s` says which duration an objective allows a key. What finds no room is counted in
    `lost`. May be used by any thread; its own starts with the first operation.
    """

    def __init__(self, within_s: Callable[[Key], float], sinks: Sequence[Sink] = ()) -> None:
        self._sinks = sinks
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._tallies = Tallies(within_s)
        self._waiting: deque[Operation] = deque()
        self._worker: Worker | None = None
        self._is_closed = False
        self.lost = 0

    def note(self, operation: Operation) -> None:
        """Leave a word of an operation; never waits."""
        if len(self._waiting) >= _MOST_WAITING:
            self.lost += 1
            return
        self._waiting.append(operation)
        if self._worker is None and not self._is_closed:
            self._start()

    def close_interval(self) -> list[Figures]:
        """What came since the last call."""
        return self._of(Tallies.close_interval)

    def now(self) -> list[Figures]:
        """The last minute."""
        return self._of(Tallies.now)

    def lately(self) -> list[Figures]:
        """The last five minutes."""
        return self._of(Tallies.lately)

    def since_start(self) -> list[Figures]:
        """Everything since the process began."""
        return self._of(Tallies.since_start)

    def count(self) -> None:
        """Count what waits now."""
        with self._lock:
            self._take()

    def close(self) -> None:
        """End the thread."""
        with self._starting:
            self._is_closed = True
        if self._worker is not None:
            self._worker.close()

    def _of(self, figures: Callable[[Tallies], list[Figures]]) -> list[Figures]:
        with self._lock:
            self._take()
            return figures(self._tallies)

    def _start(self) -> None:
        with self._starting:
            if self._worker is None and not self._is_closed:
                worker = Worker("telemetry", self._turn, first_pause_s=_FIRST_S)
                worker.start()
                self._worker = worker

    def _turn(self) -> float:
        self.count()
        return _COUNT_EVERY_S

    def _take(self) -> None:
        """Count what waits; the caller holds the lock."""
        by_key: dict[Key, list[Operation]] = {}
        for _ in range(len(self._waiting)):
            operation = self._waiting.popleft()
            by_key.setdefault(operation[:2], []).append(operation)
        for key, operations in by_key.items():
            self._tallies.take(key, operations)
            for sink in self._sinks:
                sink(operations)
