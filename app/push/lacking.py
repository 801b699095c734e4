"""Looks at what this server has to do without, on a thread of its own."""

from collections.abc import Callable

from app.worker import Worker

EVERY_S = 1.0


class LackWatch:
    """Asks `look` each second, and calls `tell` when the answer has become another one.

    The answer is a sentence, None while nothing lacks; `look` may wait a little, and never fails.
    """

    def __init__(self, look: Callable[[], str | None], tell: Callable[[], None]) -> None:
        self._look = look
        self._tell = tell
        self._worker = Worker("oi-lacking", self._turn)
        self.sentence: str | None = None

    def start(self) -> None:
        """Begin to look; does nothing when it already does, or was ended."""
        self._worker.start()

    def close(self) -> None:
        """End the thread."""
        self._worker.close()

    def _turn(self) -> float:
        found = self._look()
        if found != self.sentence:
            self.sentence = found
            self._tell()
        return EVERY_S
