"""What the feed of each exchange is at, as it was read last."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypedDict

from app.chains.states import Source
from db.market.limits import FEED_STATE_LOST_AFTER_S

if TYPE_CHECKING:
    from db.queries.feeds import FeedState


class FeedWord(TypedDict):
    """A feed in a word, with a sentence where a person must act or may wonder."""

    state: str
    sentence: str | None


LOST: FeedWord = {
    "state": "no collector",
    "sentence": "No collector tells what the feed is at; start one with python -m app collect.",
}


class Feeds:
    """Keeps what collectors told; a word that is not said again within seconds counts no more.

    May be used by any thread. Of an exchange of which no collector ever told there is no word.
    """

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._known: Mapping[str, tuple[FeedState, float]] = {}
        self._lock = threading.Lock()
        self._seen: Mapping[str, FeedWord] = {}

    def read(self) -> frozenset[str]:
        """Read all anew; the exchanges whose word is another one now.

        Raises the errors of a missing database.
        """
        from db.queries.feeds import feed_states

        with self._source.newest() as connection:
            found = feed_states(connection)
        now = self._clock()
        self._known = {each.exchange: (each, now - each.unheard_s) for each in found}
        return self.turned()

    def turned(self) -> frozenset[str]:
        """The exchanges whose word is another one than when this was asked last.

        It becomes another one by itself where nobody says it again.
        """
        with self._lock:
            before, self._seen = self._seen, self.words(self._known)
            return frozenset(key for key, word in self._seen.items() if word != before.get(key))

    def known(self) -> tuple[str, ...]:
        """The exchanges of which a collector ever told."""
        return tuple(self._known)

    def words(self, exchanges: Iterable[str]) -> dict[str, FeedWord]:
        """The word for each of these of which there is one."""
        known, now = self._known, self._clock()
        return {key: _word(*known[key], now) for key in exchanges if key in known}


def _word(told: "FeedState", heard_at: float, now: float) -> FeedWord:
    if now - heard_at > FEED_STATE_LOST_AFTER_S:
        return LOST
    return {"state": told.state, "sentence": told.sentence}
