"""The mapped files in which workers share what they count, on a disk that may be full.

Prometheus's client maps holes. Where the disk has no room for one that is written into, the system
ends the process (SIGBUS): a dashboard would die of its own metrics. So room is taken before.
"""

import logging
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

_log = logging.getLogger(__name__)

_FIRST_BYTES = 1 << 16
# what a key takes beside its text: its length, padding, value and time
_MORE_BYTES = 36


class SharedValues(MmapedDict):
    """Values of a process in a file that has its room; without room they are told to nobody."""

    _m: mmap.mmap

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        try:
            _make(filename)
        except OSError as error:
            _leave(filename, error)
            self._stay_in_memory(b"")
        else:
            self._open(filename, read_mode)

    def _open(self, filename: str, read_mode: bool = False) -> None:
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        while self._used + len(key.encode()) + _MORE_BYTES > self._capacity:
            self._grow()
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _grow(self) -> None:
        more = 2 * self._capacity
        try:
            os.posix_fallocate(self._f.fileno(), 0, more)
        except OSError as error:
            _leave(self._fname, error)
            content = self._m[:]
            self.close()  # type: ignore[no-untyped-call]
            self._stay_in_memory(content.ljust(more, b"\0"))
        else:
            self._m, self._capacity = mmap.mmap(self._f.fileno(), more), more

    def _stay_in_memory(self, content: bytes) -> None:
        with _in_memory(content) as name:
            self._open(name)


def use() -> None:
    """Have the client keep values so from now on, where the system can take room ahead."""
    if hasattr(os, "memfd_create") and hasattr(os, "posix_fallocate"):
        library: Any = values
        library.MmapedDict = SharedValues


def _make(filename: str) -> None:
    """Whole at once: who adds up the workers' files reads what is there of them."""
    if os.path.exists(filename):
        return
    draft = f"{filename}.new"
    with open(draft, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, _FIRST_BYTES)
    os.replace(draft, filename)


def _leave(filename: str, error: OSError) -> None:
    """Take the file out of what is shared: a part of it would be told as if it were all."""
    _log.warning("/metrics lacks what this process counts: %s (%s).", filename, error.strerror)
    for name in (filename, f"{filename}.new"):
        if os.path.exists(name):
            os.unlink(name)


@contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """The name of a file of memory, to be opened within."""
    descriptor = os.memfd_create("oi-metrics")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
