"""A recording played back: as fast as it can be stored, or at a multiple of its own pace."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from app.feeds.base import FeedState, Rejections
from app.feeds.recording import read_recording
from db.market.clock import IST
from db.market.ticks import ChainSnapshot, Source

# one wait of the system takes no more
_LONGEST_WAIT_S = 86_400.0


class ReplayFeed:
    """Chains of a recording; every one of them is a snapshot to be stored.

    `speed` is how many market seconds pass in one; None plays without pauses. With `begin_at` the
    whole recording is moved in time so that it begins at that (aware) moment; contracts then
    expire as much later.
    """

    live = False
    source: Source = "replayed"

    def __init__(
        self,
        chains: Callable[[Rejections], Iterable[ChainSnapshot]],
        *,
        speed: float | None = None,
        begin_at: datetime | None = None,
    ) -> None:
        self.rejected = Rejections()
        self._chains = chains
        self._speed = speed
        self._begin_at = begin_at
        self._closed = threading.Event()
        # a dict is copied in one step, whatever another thread adds
        self._played: dict[str, None] = {}

    @classmethod
    def of_file(
        cls, path: Path, *, speed: float | None = None, begin_at: datetime | None = None
    ) -> "ReplayFeed":
        """A feed of a recorded CSV; what is wrong with the file is raised by `batches()`."""
        return cls(lambda rejected: read_recording(path, rejected), speed=speed, begin_at=begin_at)

    def batches(self) -> Iterator[ChainSnapshot]:
        """The recording from its beginning; raises InvalidInputError if it cannot be read."""
        previous: datetime | None = None
        shift, days = timedelta(0), timedelta(0)
        for chain in self._chains(self.rejected):
            if previous is None and self._begin_at is not None:
                shift = self._begin_at - chain.timestamp
                days = _day(self._begin_at) - _day(chain.timestamp)
            self._pause(previous, chain.timestamp)
            if self._closed.is_set():
                return
            previous = chain.timestamp
            self._played[chain.exchange] = None
            yield _moved(chain, shift, days) if shift else chain

    def states(self) -> Mapping[str, FeedState]:
        """What was played of so far."""
        return dict.fromkeys(tuple(self._played), FeedState("replaying"))

    def reconnect(self) -> None:
        """Nothing is connected that could be lost."""

    def close(self) -> None:
        """End before the next chain."""
        self._closed.set()

    def _pause(self, previous: datetime | None, at: datetime) -> None:
        if self._speed is not None and previous is not None and at > previous:
            left_s = (at - previous).total_seconds() / self._speed
            while left_s > 0 and not self._closed.wait(min(left_s, _LONGEST_WAIT_S)):
                left_s -= _LONGEST_WAIT_S


def _moved(chain: ChainSnapshot, shift: timedelta, days: timedelta) -> ChainSnapshot:
    expiry = chain.options.expiry + np.timedelta64(days.days, "D")
    options = replace(chain.options, expiry=expiry)
    return replace(chain, timestamp=chain.timestamp + shift, options=options)


def _day(moment: datetime) -> date:
    return moment.astimezone(IST).date()
