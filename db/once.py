"""Makes a thing once a process, however many threads want it first.

`functools.cache` lets each of them make one and keeps the last: of two engines made at once, one
would be in use and nobody's to close.
"""

import threading
from collections.abc import Callable
from functools import cache, update_wrapper
from typing import Generic, TypeVar

T = TypeVar("T")


class _Once(Generic[T]):
    def __init__(self, make: Callable[..., T]) -> None:
        self._kept = cache(make)
        self.cache_clear = self._kept.cache_clear
        # what is made may ask for itself, or for what was made by it
        self._lock = threading.RLock()
        update_wrapper(self, make)

    def __call__(self, *arguments: bool, **named: bool) -> T:
        with self._lock:
            return self._kept(*arguments, **named)


def once(make: Callable[..., T]) -> _Once[T]:
    """Keep what `make` returns for each of its arguments; others wait while it is made."""
    return _Once(make)
