"""What a collector holds of the chains that another one writes, to go on where that one ends."""

from collections import deque
from datetime import timedelta

from db.market.ticks import EnrichedSnapshot

HELD_S = 60.0
"""Seconds of the market; a leader that is gone is followed sooner, and has stored what is older."""

_MOST_HELD = 120


class Standby:
    """The last minute of each key that is not this collector's to write, in memory."""

    def __init__(self) -> None:
        self._held: dict[str, deque[EnrichedSnapshot]] = {}

    def __contains__(self, exchange: str) -> bool:
        return exchange in self._held

    def begin(self, exchange: str) -> None:
        """Hold that key's snapshots from now on."""
        self._held.setdefault(exchange, deque(maxlen=_MOST_HELD))

    def hold(self, snapshot: EnrichedSnapshot) -> None:
        """Keep a snapshot, and none of its key that is a minute older."""
        held = self._held[snapshot.exchange]
        held.append(snapshot)
        oldest = snapshot.timestamp - timedelta(seconds=HELD_S)
        while held[0].timestamp < oldest:
            held.popleft()

    def end(self, exchange: str) -> tuple[EnrichedSnapshot, ...]:
        """Hold no more of that key; what was held, in its order."""
        return tuple(self._held.pop(exchange, ()))

    def empty(self) -> tuple[EnrichedSnapshot, ...]:
        """All that is held, in its order a key; the keys are stood by for as before."""
        found = tuple(each for held in self._held.values() for each in held)
        for held in self._held.values():
            held.clear()
        return found
