"""The open interest of the last hour, by which changes are measured."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.analytics.baselines import baseline_position

# the longest change looks back at most twice its thirty minutes
SPAN = timedelta(minutes=61)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a past snapshot is asked for: OI in units by instrument token, and the underlying."""

    timestamp: datetime
    oi: Mapping[int, int]
    underlying_price: float | None = None
    future_oi: int | None = None


class Memory:
    """Past moments of one exchange key, oldest first, no further back than `SPAN`."""

    def __init__(self, moments: tuple[Moment, ...] = ()) -> None:
        self._moments = deque(sorted(moments, key=lambda moment: moment.timestamp))

    def remember(self, moment: Moment) -> None:
        """Add a moment; one of the same instant is replaced, an earlier one takes its place."""
        later: list[Moment] = []
        while self._moments and self._moments[-1].timestamp >= moment.timestamp:
            last = self._moments.pop()
            if last.timestamp > moment.timestamp:
                later.append(last)
        self._moments.append(moment)
        self._moments.extend(reversed(later))
        while self._moments[0].timestamp < self._moments[-1].timestamp - SPAN:
            self._moments.popleft()

    def before(self, at: datetime, minutes: int) -> Moment | None:
        """The moment that stands for `minutes` before `at`; see `baseline_position`."""
        instants = [moment.timestamp for moment in self._moments]
        found = baseline_position(instants, at, minutes)
        return None if found is None else self._moments[found]

    def recent_underlying(self, at: datetime, count: int) -> list[float]:
        """The index at up to `count` moments before `at`, oldest first."""
        known = [
            moment.underlying_price
            for moment in self._moments
            if moment.timestamp < at and moment.underlying_price is not None
        ]
        return known[-count:]
