"""A limit on failed sign-ins, so that a password cannot be tried through.

An attempt is counted before the password is looked at, in a file that all workers of a machine
share under its lock: guesses sent at once cannot pass together. The `limits` library would share
its counts through Redis only, which one machine should not need.
"""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from math import ceil
from pathlib import Path

from app.web.proxies import counted_as
from db.errors import OIError, SettingsError

_FIRST_WAIT_S = 60.0
_LONGEST_WAIT_S = 900.0
_FORGOTTEN_AFTER_S = 3600.0
# failures that close the door: a name can be guessed at from many addresses, but who guesses must
# not be able to keep its owner out for long
_LIMITS: Mapping[str, int] = {"address": 5, "user": 20}
_KEPT = 4096
# an attempt whose worker died counts as failed
_PENDING_S = 30.0
_PATIENCE_S = 10.0
_POLL_S = 0.05


class TooManyAttemptsError(OIError):
    """The door is closed for a while: `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many attempts; please wait {ceil(wait_s)} seconds.")
        self.wait_s = wait_s


@dataclass(slots=True)
class _Count:
    failures: int = 0
    closed_until: float = 0.0
    last_at: float = 0.0
    pending: list[float] = field(default_factory=list)

    def settle(self, now: float) -> None:
        """Turn attempts that nobody ended into failures; forget what is long ago."""
        ended = [end for end in self.pending if not now < end <= now + _PENDING_S]
        self.pending = [end for end in self.pending if end not in ended]
        self.failures += len(ended)
        # a clock that was set back must not close the door for longer than it ever is
        self.closed_until = min(self.closed_until, now + _LONGEST_WAIT_S)
        if not 0 <= now - self.last_at < _FORGOTTEN_AFTER_S and now >= self.closed_until:
            self.failures = 0

    def failed(self, now: float, limit: int) -> None:
        self.failures += 1
        if self.failures >= limit:
            doubled = _FIRST_WAIT_S * 2.0 ** min(self.failures - limit, 8)
            self.closed_until = now + min(doubled, _LONGEST_WAIT_S)


class Attempt:
    """One try to sign in; it has failed unless it is said to have succeeded."""

    succeeded = False


class AttemptLimit:
    """Counts failures by address and by user name; each further one doubles the wait.

    Five of one address close the door for a minute. While as many are still being looked at, the
    next waits for them rather than being turned away.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def attempt(self, address: str | None, username: str) -> Iterator[Attempt]:
        """Counts a try from before the password is looked at; raises TooManyAttemptsError."""
        names = _names(address, username)
        mark = self._reserved(names)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            self._end(names, mark, succeeded=attempt.succeeded)

    def _reserved(self, names: Mapping[str, str]) -> float:
        patient_until = time.monotonic() + _PATIENCE_S
        while True:
            with self._counts() as counts:
                now = self._clock()
                known = {kind: _settled(counts, name, now) for kind, name in names.items()}
                wait_s = max(count.closed_until - now for count in known.values())
                if wait_s > 0:
                    raise TooManyAttemptsError(wait_s)
                if all(_has_room(count, _LIMITS[kind]) for kind, count in known.items()):
                    mark = now + _PENDING_S
                    for count in known.values():
                        count.pending.append(mark)
                        count.last_at = now
                    return mark
            if time.monotonic() > patient_until:
                raise TooManyAttemptsError(1.0)
            time.sleep(_POLL_S)

    def _end(self, names: Mapping[str, str], mark: float, *, succeeded: bool) -> None:
        with self._counts() as counts:
            now = self._clock()
            for kind, name in names.items():
                count = _settled(counts, name, now)
                if mark in count.pending:
                    count.pending.remove(mark)
                if succeeded:
                    count.failures, count.closed_until = 0, 0.0
                else:
                    count.failed(now, _LIMITS[kind])
                count.last_at = now

    @contextlib.contextmanager
    def _counts(self) -> Iterator[dict[str, _Count]]:
        """All counts, read and written back under the lock of threads and processes."""
        try:
            with self._lock, _opened(self._file) as file:
                counts = _parsed(file)
                yield counts
                _write(file, counts)
        except OSError as error:
            raise SettingsError(
                f"Attempts cannot be counted in {self._file}: {error.strerror}."
            ) from error


def _has_room(count: _Count, limit: int) -> bool:
    # after a closed door one try at a time
    return len(count.pending) < max(1, limit - count.failures)


def _names(address: str | None, username: str) -> dict[str, str]:
    """What is counted by kind; of a user name only a digest, as a password may be typed there."""
    digest = blake2b(username.encode(), digest_size=12).hexdigest()
    return {"address": f"address {counted_as(address)}", "user": f"user {digest}"}


def _settled(counts: dict[str, _Count], name: str, now: float) -> _Count:
    count = counts.pop(name, None) or _Count()
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


def _parsed(descriptor: int) -> dict[str, _Count]:
    text = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    try:
        return {name: _Count(**count) for name, count in json.loads(text or b"{}").items()}
    except (ValueError, TypeError, AttributeError):
        # torn by a crash or a full disk: to begin anew is better than to keep everybody out
        return {}


def _write(descriptor: int, counts: Mapping[str, _Count]) -> None:
    kept = [(name, asdict(count)) for name, count in counts.items() if _is_worth_keeping(count)]
    text = json.dumps(dict(kept[-_KEPT:])).encode()
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _is_worth_keeping(count: _Count) -> bool:
    return bool(count.failures or count.pending)
