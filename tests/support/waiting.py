"""Waiting for what a thread or a program will do."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0


def eventually(is_true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return once it is true; a test fails for which it never is."""
    deadline = time.monotonic() + patience_s
    while not is_true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
