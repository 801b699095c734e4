"""The rules by which failed sign-ins are counted, wherever the counts are kept."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

LIMITS: Mapping[str, int] = {"address": 5, "user": 20}
"""Failures that close the door: a name can be guessed at from many addresses, but who guesses must
not be able to keep its owner out for long."""

# an attempt whose worker died counts as failed
PENDING_S = 30.0
FORGOTTEN_AFTER_S = 3600.0
_FIRST_WAIT_S = 60.0
_LONGEST_WAIT_S = 900.0


@dataclass(slots=True)
class Count:
    """What is known of one address or name; `pending` are the ends of tries that go on."""

    failures: int = 0
    closed_until: float = 0.0
    last_at: float = 0.0
    pending: list[float] = field(default_factory=list)

    def settle(self, now: float) -> None:
        """Turn attempts that nobody ended into failures; forget what is long ago."""
        ended = [end for end in self.pending if not now < end <= now + PENDING_S]
        self.pending = [end for end in self.pending if end not in ended]
        self.failures += len(ended)
        # a clock that was set back must not close the door for longer than it ever is
        self.closed_until = min(self.closed_until, now + _LONGEST_WAIT_S)
        if not 0 <= now - self.last_at < FORGOTTEN_AFTER_S and now >= self.closed_until:
            self.failures = 0

    def failed(self, now: float, limit: int) -> None:
        """One more failure, which may close the door."""
        self.failures += 1
        if self.failures >= limit:
            doubled = _FIRST_WAIT_S * 2.0 ** min(self.failures - limit, 8)
            self.closed_until = now + min(doubled, _LONGEST_WAIT_S)

    def succeeded(self) -> None:
        """Who came in has forgotten how often they failed."""
        self.failures, self.closed_until = 0, 0.0

    def has_room(self, limit: int) -> bool:
        """Whether one more may be looked at; after a closed door one at a time."""
        return len(self.pending) < max(1, limit - self.failures)

    @property
    def is_worth_keeping(self) -> bool:
        return bool(self.failures or self.pending)


@dataclass(frozen=True, slots=True)
class Opened:
    """The counts of some names, nobody else's until they are let go, by the clock they go by."""

    now: float
    counts: Mapping[str, Count]


class Counts(Protocol):
    """Where counts are kept."""

    def opened(self, names: Sequence[str]) -> AbstractContextManager[Opened]:
        """Those of `names`, settled; what is changed in them is kept unless the block raises."""
        ...
