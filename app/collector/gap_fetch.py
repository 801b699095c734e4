"""The candles of one look for gaps, as they come, and how far that is."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.collector.gap_plans import Plan
from app.kite.candles import Candles
from app.kite.fetching import Fetcher, Wanted

_STEP = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """Instruments whose candles are here, of how many, and what is being fetched now.

    `stretch` names a chain by its key, or what comes before all chains; it is empty at the end.
    """

    done: int
    total: int
    stretch: str

    @property
    def sentence(self) -> str | None:
        """For people, in steps that they can read; None at the end."""
        if not self.stretch:
            return None
        return f"Filling history: {self.done - self.done % _STEP:,} of {self.total:,} instruments."


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
        self._say(stretch)
        for ask, candles in self._fetcher.fetched(self._left(tokens)):
            self._take(ask, candles)
            self._say(stretch)

    def whole(self, plans: Sequence[Plan]) -> Iterator[Plan]:
        """Each plan, in their order, once all its contracts are here; the others come meanwhile.

        Ends early with the fetcher.
        """
        waiting = deque(plans)
        left = self._left(token for plan in plans for token in plan.outwards(self.found))
        yield from self._ready(waiting)
        for ask, candles in self._fetcher.fetched(left):
            self._take(ask, candles)
            if waiting:
                self._say(waiting[0].key)
            yield from self._ready(waiting)

    def _ready(self, waiting: deque[Plan]) -> Iterator[Plan]:
        while waiting and all(self._is_here(t) for t in waiting[0].listing.token.tolist()):
            plan = waiting.popleft()
            self._say(plan.key)
            yield plan

    def _left(self, tokens: Iterable[int]) -> list[Wanted]:
        return [self._asks[token] for token in dict.fromkeys(tokens) if not self._is_here(token)]

    def _is_here(self, token: int) -> bool:
        return token in self.found or token in self.failed

    def _take(self, ask: Wanted, candles: Candles | None) -> None:
        if candles is None:
            self.failed.add(ask.token)
        else:
            self.found[ask.token] = candles

    def _say(self, stretch: str) -> None:
        self._tell(Progress(len(self.found) + len(self.failed), self.total, stretch))
