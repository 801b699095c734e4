"""Writes down every tick that goes out, so that what was stored can be held against it."""

import threading
from pathlib import Path
from typing import Any

import numpy as np

from app.kite.standin.packets import Rows

RECORD = np.dtype(
    [
        ("sent_ns", "<u8"),
        ("port", "<u2"),
        ("is_sound", "?"),
        ("is_full", "?"),
        ("is_older", "?"),
        ("token", "<u4"),
        ("exchange_time", "<u4"),
        ("ltp", "<i4"),
        ("oi", "<u4"),
        ("volume", "<u4"),
    ]
)
"""One tick: when its frame was about to be sent (CLOCK_MONOTONIC), to the client at which port.

One that is not sound stood in a frame that a fault distorted: it may have been read, or not. One
that is not full was a quote: without OI and exchange time, whatever stands here. One that is older
followed a newer one of its contract, and is to be left alone.
"""

_COPIED = ("token", "exchange_time", "ltp", "oi", "volume")


class Journal:
    """A file of `RECORD`s, frame by frame in the order in which they were sent; for any thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = path.open("wb")

    def note(
        self,
        rows: Rows,
        port: int,
        sent_ns: int,
        *,
        is_sound: bool = True,
        is_full: bool = True,
        is_older: bool = False,
    ) -> None:
        """Write down the rows of a frame."""
        records = np.zeros(len(rows), RECORD)
        records["sent_ns"], records["port"] = sent_ns, port
        records["is_sound"], records["is_full"] = is_sound, is_full
        records["is_older"] = is_older
        for name in _COPIED:
            records[name] = rows[name]
        with self._lock:
            if not self._file.closed:
                self._file.write(records.tobytes())

    def close(self) -> None:
        """Have everything in the file; what comes later is not written down."""
        with self._lock:
            self._file.close()


def read_journal(path: Path) -> "np.ndarray[Any, np.dtype[np.void]]":
    """The records of a file (n,)."""
    found: np.ndarray[Any, np.dtype[np.void]] = np.fromfile(path, RECORD)
    return found
