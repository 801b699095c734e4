"""Private files that keep the last of what programs say, whatever their disk does."""

import os
from pathlib import Path

LIMIT_BYTES = 2 * 1024 * 1024


class Log:
    """Appends lines to `path`; at `limit_bytes` the file becomes `path`.1 and begins anew.

    Nothing here raises: lines that a full disk refuses are counted, and the count is written in
    their place as soon as there is room.
    """

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._handle: int | None = None
        self._size_bytes = 0
        self._lost = 0

    def write(self, line: bytes) -> None:
        """Append a line that ends with its newline; it is with the system when this returns."""
        try:
            if self._lost:
                self._append(b"\n(%d lines are missing here: no room for them)\n" % self._lost)
                self._lost = 0
            self._append(line)
        except OSError:
            self._lost += 1
            self.close()

    def close(self) -> None:
        """Let go of the file; a later line opens it again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _append(self, line: bytes) -> None:
        if self._handle is not None and self._size_bytes + len(line) > self._limit_bytes:
            self.close()
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        if self._handle is None:
            self._open()
        if self._handle is None:
            raise AssertionError("opened just now")
        rest = memoryview(line)
        while rest:
            written = os.write(self._handle, rest)
            self._size_bytes += written
            rest = rest[written:]

    def _open(self) -> None:
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._handle = handle
        os.fchmod(handle, 0o600)
        self._size_bytes = os.fstat(handle).st_size
