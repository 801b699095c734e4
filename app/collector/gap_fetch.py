"""The candles of one look for gaps, as they come, and how far that is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.kite.candles import Candles
from app.kite.fetching import Fetcher, Wanted


@dataclass(frozen=True, slots=True)
class Progress:
    """Instruments whose candles are here, of how many, and what is being fetched now.

    `stretch` names a chain by its key, or what comes before all chains; it is empty at the end.
    """

    done: int
    total: int
    stretch: str


class GapFetch:
    """The candles of one look, as they come."""

    def __init__(
        self,
        fetcher: Fetcher,
        asks: Mapping[int, Wanted],
        tell: Callable[[Progress], None],
    ) -> None:
        self.found: dict[int, Candles] = {}
        self.failed: set[int] = set()
        self._fetcher = fetcher
        self._asks = asks
        self._tell = tell

    @property
    def total(self) -> int:
        return len(self._asks)

    def fetch(self, stretch: str, tokens: Iterable[int]) -> None:
        """Have those of the tokens that are not here yet."""
        left = [t for t in dict.fromkeys(tokens) if t not in self.found and t not in self.failed]
        self._say(stretch)
        for ask, candles in self._fetcher.fetched([self._asks[token] for token in left]):
            if candles is None:
                self.failed.add(ask.token)
            else:
                self.found[ask.token] = candles
            self._say(stretch)

    def _say(self, stretch: str) -> None:
        self._tell(Progress(len(self.found) + len(self.failed), self.total, stretch))
