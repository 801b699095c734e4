"""A limit on failed sign-ins, so that a password cannot be tried through.

An attempt is counted before the password is looked at, where all workers of all machines see it:
guesses sent at once cannot pass together. The `limits` library counts what has happened, not what
is still being looked at, so that a crowd would pass it.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from math import ceil

from app.web.auth.counting import LIMITS, PENDING_S, Counts
from app.web.proxies import counted_as
from db.errors import OIError

_PATIENCE_S = 10.0
_POLL_S = 0.1


class TooManyAttemptsError(OIError):
    """The door is closed for a while: `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many attempts; please wait {ceil(wait_s)} seconds.")
        self.wait_s = wait_s

    @property
    def headers(self) -> dict[str, str]:
        """What an answer says of it beside its sentence."""
        return {"Retry-After": str(ceil(self.wait_s))}


class Attempt:
    """One try to sign in; it has failed unless it is said to have succeeded."""

    succeeded = False


class AttemptLimit:
    """Counts failures by address and by user name; each further one doubles the wait.

    Five of one address close the door for a minute. While as many are still being looked at, the
    next waits for them rather than being turned away.
    """

    def __init__(self, kept: Counts) -> None:
        self._kept = kept

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
            with self._kept.opened(list(names.values())) as found:
                known = {kind: found.counts[name] for kind, name in names.items()}
                wait_s = max(count.closed_until - found.now for count in known.values())
                if wait_s > 0:
                    raise TooManyAttemptsError(wait_s)
                if all(count.has_room(LIMITS[kind]) for kind, count in known.items()):
                    mark = found.now + PENDING_S
                    for count in known.values():
                        count.pending.append(mark)
                        count.last_at = found.now
                    return mark
            if time.monotonic() > patient_until:
                raise TooManyAttemptsError(1.0)
            time.sleep(_POLL_S)

    def _end(self, names: Mapping[str, str], mark: float, *, succeeded: bool) -> None:
        with self._kept.opened(list(names.values())) as found:
            for kind, name in names.items():
                count = found.counts[name]
                if mark in count.pending:
                    count.pending.remove(mark)
                if succeeded:
                    count.succeeded()
                else:
                    count.failed(found.now, LIMITS[kind])
                count.last_at = found.now


def _names(address: str | None, username: str) -> dict[str, str]:
    """What is counted by kind; of a user name only a digest, as a password may be typed there."""
    digest = blake2b(username.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return {"address": f"address {counted_as(address)}", "user": f"user {digest}"}
