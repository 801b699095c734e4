"""While the database stands still one asks it at a time, and all others are told at once.

Who asks a database that hangs waits for as long as a link to it may take to be made: without this
every request would, one after another and several times each, until there are no threads left.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from db.errors import DatabaseUnavailableError, NoConnectionFreeError

# what was waited for that long was no refusal: those come at once
_WAITED_S = 1.0
_HOLDS_S = 2.0


class Standstill:
    """What is known of a database that hangs; may be used by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sentence: str | None = None
        self._ask_at = 0.0
        self._is_asked = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask within the block; raises DatabaseUnavailableError where there is no use in it now.

        Only a failure to answer counts, so that what is done with a connection stays outside.
        """
        asks = self._begin()
        began = self._clock()
        try:
            yield
        except NoConnectionFreeError:
            # of a crowd each waits its turn, and what is known of the database stays
            self._end(self._sentence, asks=asks)
            raise
        except DatabaseUnavailableError as error:
            self._end(str(error) if self._clock() - began >= _WAITED_S else None, asks=asks)
            raise
        except BaseException:
            self._end(None, asks=asks)
            raise
        self._end(None, asks=asks)

    def _begin(self) -> bool:
        """Whether this is the one that finds out for all."""
        with self._lock:
            if self._sentence is None:
                return False
            if self._is_asked or self._clock() < self._ask_at:
                raise DatabaseUnavailableError(self._sentence)
            self._is_asked = True
            return True

    def _end(self, sentence: str | None, *, asks: bool) -> None:
        with self._lock:
            self._is_asked = self._is_asked and not asks
            self._sentence = sentence
            if sentence is not None:
                self._ask_at = self._clock() + _HOLDS_S
