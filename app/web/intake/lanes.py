"""Who may hold how many threads: strangers together a few, each session some, so nobody has all."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Job = TypeVar("Job")

STRANGERS = None
"""The lane of all who have not signed in."""


@dataclass(slots=True)
class _Lane(Generic[Job]):
    running: int = 0
    waiting: deque[Job] = field(default_factory=deque)


class Lanes(Generic[Job]):
    """Requests by who sent them; those beyond a share wait for their own kind alone.

    Used by one thread. `strangers` and `session` are the threads that all strangers, and each
    session, may hold at once; `crowd` and `patient` how many of them may wait.
    """

    def __init__(self, *, strangers: int, crowd: int, session: int, patient: int) -> None:
        self._strangers = (strangers, crowd)
        self._session = (session, patient)
        self._lanes: dict[Hashable, _Lane[Job]] = {}

    def enter(self, who: Hashable, job: Job) -> bool | None:
        """True when it may run now, False when it waits, None when too many wait already."""
        lane = self._lanes.setdefault(who, _Lane())
        share, patient = self._strangers if who is STRANGERS else self._session
        if lane.running < share:
            lane.running += 1
            return True
        if len(lane.waiting) >= patient:
            return None
        lane.waiting.append(job)
        return False

    def leave(self, who: Hashable) -> Job | None:
        """One of that lane has ended; answers the one that runs in its place."""
        lane = self._lanes[who]
        if lane.waiting:
            return lane.waiting.popleft()
        lane.running -= 1
        if not lane.running:
            del self._lanes[who]
        return None
