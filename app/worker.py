"""A thread beside the main work that takes one turn after the other."""

import threading
from collections.abc import Callable


class Worker:
    """Calls `turn` until closed; it answers how many seconds to pause then, None to end."""

    def __init__(
        self, name: str, turn: Callable[[], float | None], *, first_pause_s: float = 0.0
    ) -> None:
        self.closed = threading.Event()
        self._turn = turn
        self._first_pause_s = first_pause_s
        self._starting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; does nothing when it already has, or was closed."""
        with self._starting:
            if self._thread.ident is None and not self.closed.is_set():
                self._thread.start()

    def close(self, timeout_s: float = 1.0) -> None:
        """End after the turn that is under way; waits for it no longer than that."""
        self.closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s: float | None = self._first_pause_s
        while pause_s is not None and not self.closed.wait(pause_s):
            pause_s = self._turn()
