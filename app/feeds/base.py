"""What every feed is: an iterator of chains that counts what it had to throw away."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from db.market.ticks import ChainSnapshot, Source

_LINES_NAMED = 5


class Rejections(Counter[str]):
    """What was turned away, counted by reason; `lines` names the first lines of a file for each."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, list[int]] = {}

    def reject(self, reason: str, line: int) -> None:
        """Count what stands in that line of a file."""
        self[reason] += 1
        named = self.lines.setdefault(reason, [])
        if len(named) < _LINES_NAMED:
            named.append(line)


class FeedState(NamedTuple):
    """What a feed is at: a word, and a sentence where a person must act or may wonder."""

    word: str
    sentence: str | None = None


class Feed(Protocol):
    """A source of chains.

    `live` says what a batch is worth. Of a live feed each batch is the state of a chain just now:
    the newest one replaces those before it, and history takes one a snapshot interval. Of a
    recording every batch is a snapshot to be stored. `source` is what kind of market it is; it
    travels with the data.

    `rejected` counts, by reason, what could not even become a batch.
    """

    live: bool
    source: Source
    rejected: Rejections

    def batches(self) -> Iterator[ChainSnapshot]:
        """Chains in the order of their instants; ends with the recording or on `close()`.

        Raises ConnectionError when the source is lost; calling it again connects anew.
        """
        ...

    def states(self) -> Mapping[str, FeedState]:
        """What the feed of each exchange key is at; any thread may ask, and never waits."""
        ...

    def reconnect(self) -> None:
        """Give up a connection that has gone quiet: `batches()` raises ConnectionError soon.

        A feed without a connection does nothing.
        """
        ...

    def close(self) -> None:
        """Make `batches()` end soon; may be called from any thread, more than once."""
        ...
