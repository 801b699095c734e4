"""Tells who watches what the feed is at: on each change, and often enough to be believed."""

import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, text

from app.feeds.base import FeedState
from db.market.limits import FEED_STATE_EVERY_S

_LOOK_EVERY_S = 0.5
# nobody's data may wait for long because of a word about them
_PATIENCE = text("SET LOCAL lock_timeout = '500ms'")


class Telling:
    """What was told of each key, and what is to be; for a writer's thread alone."""

    def __init__(
        self,
        states: Callable[[], Mapping[str, FeedState]],
        holder: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._states = states
        self._holder = holder
        self._clock = clock
        self._told: dict[str, FeedState] = {}
        self._told_at = self._looked_at = -FEED_STATE_EVERY_S

    def due(self) -> Mapping[str, FeedState]:
        """All states when one has changed or some seconds have passed, else none."""
        now = self._clock()
        if now - self._looked_at < _LOOK_EVERY_S:
            return {}
        self._looked_at = now
        states = dict(self._states())
        is_time = now - self._told_at >= FEED_STATE_EVERY_S
        return states if is_time or states != self._told else {}

    def tell(self, connection: Connection, states: Mapping[str, FeedState]) -> None:
        """Write them down; in order, so that two who do so never wait for each other."""
        from db.ingest.leases import set_feed_state

        connection.execute(_PATIENCE)
        for exchange, state in sorted(states.items()):
            set_feed_state(connection, exchange, *state, holder=self._holder)

    def tried(self, states: Mapping[str, FeedState], *, has_told: bool) -> None:
        """Remember what was told; after a failure it is told again in some seconds."""
        self._told_at = self._clock()
        if has_told:
            self._told = dict(states)
