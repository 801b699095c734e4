"""Counts in a file that all workers of one machine share under its lock."""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from app.web.auth.counting import Count, Opened
from db.errors import SettingsError

_KEPT = 4096


class FileCounts:
    """For while there is no database, in which all machines share them."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[Opened]:
        """Raises SettingsError where the file cannot be used."""
        try:
            with self._lock, _opened(self._file) as file:
                counts, now = _parsed(file), self._clock()
                yield Opened(now, {name: _settled(counts, name, now) for name in names})
                _write(file, counts)
        except OSError as error:
            raise SettingsError(
                f"Attempts cannot be counted in {self._file}: {error.strerror}."
            ) from error


def _settled(counts: dict[str, Count], name: str, now: float) -> Count:
    count = counts.pop(name, None) or Count()
    # the ones asked for last stand last and are kept longest
    counts[name] = count
    count.settle(now)
    return count


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _parsed(descriptor: int) -> dict[str, Count]:
    text = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    try:
        return {name: Count(**count) for name, count in json.loads(text or b"{}").items()}
    except (ValueError, TypeError, AttributeError):
        # torn by a crash or a full disk: to begin anew is better than to keep everybody out
        return {}


def _write(descriptor: int, counts: Mapping[str, Count]) -> None:
    kept = [(name, asdict(count)) for name, count in counts.items() if count.is_worth_keeping]
    text = json.dumps(dict(kept[-_KEPT:])).encode()
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))
