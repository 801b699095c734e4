"""Feeds that do what a test says."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from app.feeds.base import FeedState, Rejections
from db.market.ticks import ChainSnapshot, Source


class ScriptedFeed:
    """A feed whose every connection plays the next of some scripts."""

    def __init__(
        self, *scripts: Callable[[], Iterable[ChainSnapshot]], live: bool, source: Source = "live"
    ) -> None:
        self.live = live
        self.source: Source = source
        self.rejected = Rejections()
        self._scripts = iter(scripts)

    def batches(self) -> Iterator[ChainSnapshot]:
        return iter(next(self._scripts)())

    def states(self) -> Mapping[str, FeedState]:
        return {}

    def reconnect(self) -> None:
        pass

    def close(self) -> None:
        pass


class SteeredFeed:
    """A live feed that yields what the test hands it, one state at a time."""

    live = True
    source: Source = "live"

    def __init__(self) -> None:
        self.rejected = Rejections()
        self.reconnects = 0
        self.state: dict[str, FeedState] = {}
        self.handled = 0
        self._next: list[ChainSnapshot] = []
        self._closed = threading.Event()
        self._handed = threading.Condition()

    def hand(self, batch: ChainSnapshot) -> None:
        with self._handed:
            self._next.append(batch)
            self._handed.notify()

    def batches(self) -> Iterator[ChainSnapshot]:
        while not self._closed.is_set():
            with self._handed:
                self._handed.wait_for(lambda: self._next, 0.05)
                waiting, self._next = self._next, []
            for batch in waiting:
                yield batch
                self.handled += 1

    def states(self) -> Mapping[str, FeedState]:
        return self.state

    def reconnect(self) -> None:
        self.reconnects += 1

    def close(self) -> None:
        self._closed.set()
