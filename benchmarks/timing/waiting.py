"""Waiting for what happens elsewhere, and letting something happen beside."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.errors import BenchmarkError


def awaited(holds: Callable[[], Any], patience_s: float, sentence: str) -> None:
    """Wait until something holds; raises BenchmarkError with that sentence if it never does."""
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            raise BenchmarkError(sentence)
        time.sleep(0.02)


@contextmanager
def beside(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Let `work` go on, on a thread, until the block ends, of which the event tells it."""
    ended = threading.Event()
    thread = threading.Thread(target=work, args=(ended,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
