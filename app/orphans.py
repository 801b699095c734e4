"""Processes that end with the one that started them: an orphan holds a port and serves nobody."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # from linux/prctl.h


def end_with(parent: int, how: signal.Signals) -> Callable[[], None]:
    """What a new process calls first; it gets `how` when its parent dies, however that dies.

    On Linux alone; elsewhere an orphan has to look for itself.
    """
    # loaded before the fork: what is called after it does next to nothing
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def bind() -> None:
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:
            os._exit(1)

    return bind
