"""Counts of operations by what they were, over intervals of some seconds and since the start."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.telemetry.timing import Kind, Operation

Key = tuple[Kind, str]

INTERVAL_S = 15.0
"""What one sample is of."""

_KEPT_INTERVALS = 20
_NOW_INTERVALS = 4
_MOST_KEYS = 2000
_MOST_VALUES = 256
# of many intervals together: each has its fair choice, and so has what is chosen of these
_MOST_MERGED = 8 * _MOST_VALUES
_P50, _P95, _P99 = 0.5, 0.95, 0.99
OTHERS = "(others)"


@dataclass(slots=True)
class Tally:
    """Operations of one key; `bad` are those that failed or missed their objective.

    `values` is a fair choice of its durations.
    """

    count: int = 0
    failures: int = 0
    bad: int = 0
    total_s: float = 0.0
    max_s: float = 0.0
    size: int | None = None
    values: list[float] = field(default_factory=list)

    def take(self, operations: Sequence[Operation], within_s: float) -> None:
        """Count some more, at least one."""
        durations_s = [each.duration_s for each in operations]
        self.failures += sum(each.failed for each in operations)
        self.bad += sum(each.failed or each.duration_s > within_s for each in operations)
        self.total_s += sum(durations_s)
        self.max_s = max(self.max_s, *durations_s)
        sizes = [each.size for each in operations if each.size is not None]
        if sizes:
            self.size = (self.size or 0) + sum(sizes)
        for duration_s in durations_s:
            self.count += 1
            self._choose(duration_s)

    def add(self, other: "Tally") -> None:
        """Count another's operations too."""
        self.count += other.count
        self.failures += other.failures
        self.bad += other.bad
        self.total_s += other.total_s
        self.max_s = max(self.max_s, other.max_s)
        if other.size is not None:
            self.size = (self.size or 0) + other.size
        self.values.extend(other.values)
        if len(self.values) > _MOST_MERGED:
            self.values = random.sample(self.values, _MOST_VALUES)

    def quantile_s(self, share: float) -> float | None:
        """The duration that this share of the chosen ones stays within; None without any."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    def _choose(self, duration_s: float) -> None:
        # reservoir sampling, algorithm R: https://en.wikipedia.org/wiki/Reservoir_sampling
        if len(self.values) < _MOST_VALUES:
            self.values.append(duration_s)
            return
        place = int(random.random() * self.count)  # noqa: S311  # no secret
        if place < _MOST_VALUES:
            self.values[place] = duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One key's operations in a stretch of time, in milliseconds; unknown is None."""

    kind: Kind
    name: str
    count: int
    failures: int
    bad: int
    total_ms: float
    mean_ms: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float
    size: int | None


class Tallies:
    """All keys of a process; `within_s` says which duration an objective allows a key.

    Used by one thread at a time: the recorder's lock is around it.
    """

    def __init__(self, within_s: Callable[[Key], float]) -> None:
        self._within_s = within_s
        self._limits: dict[Key, float] = {}
        self._current: dict[Key, Tally] = {}
        self._intervals: deque[dict[Key, Tally]] = deque(maxlen=_KEPT_INTERVALS)
        self._before: dict[Key, Tally] = {}

    def take(self, key: Key, operations: Sequence[Operation]) -> None:
        """Count operations of a key; a name beyond two thousand counts among others."""
        limit_s = self._limits.get(key)
        if limit_s is None:
            if len(self._limits) >= _MOST_KEYS:
                key = (key[0], OTHERS)
            limit_s = self._limits[key] = self._within_s(key)
        tally = self._current.get(key)
        if tally is None:
            tally = self._current[key] = Tally()
        tally.take(operations, limit_s)

    def close_interval(self) -> list[Figures]:
        """What came since the last call; the next interval begins."""
        closed, self._current = self._current, {}
        self._intervals.append(closed)
        self._before = _merged([self._before, closed])
        return figures(closed)

    def now(self) -> list[Figures]:
        """The last minute, and what the present interval has so far."""
        return figures(_merged([*list(self._intervals)[-_NOW_INTERVALS:], self._current]))

    def lately(self) -> list[Figures]:
        """The last five minutes."""
        return figures(_merged([*self._intervals, self._current]))

    def since_start(self) -> list[Figures]:
        """All of it."""
        return figures(_merged([self._before, self._current]))


def figures(tallies: Mapping[Key, Tally]) -> list[Figures]:
    """Tallies as figures, by kind and name."""
    return [_figures(key, tally) for key, tally in sorted(tallies.items())]


def slowest(found: Iterable[Figures], count: int = 5) -> list[Figures]:
    """Those that take longest; ages are no operations."""
    timed = (each for each in found if each.kind != "age")
    return sorted(timed, key=lambda each: (each.p95_ms or 0.0, each.max_ms), reverse=True)[:count]


def _merged(parts: Iterable[Mapping[Key, Tally]]) -> dict[Key, Tally]:
    merged: dict[Key, Tally] = {}
    for part in parts:
        for key, tally in part.items():
            merged.setdefault(key, Tally()).add(tally)
    return merged


def _figures(key: Key, tally: Tally) -> Figures:
    return Figures(
        kind=key[0],
        name=key[1],
        count=tally.count,
        failures=tally.failures,
        bad=tally.bad,
        total_ms=tally.total_s * 1000,
        mean_ms=tally.total_s / tally.count * 1000,
        p50_ms=_ms(tally.quantile_s(_P50)),
        p95_ms=_ms(tally.quantile_s(_P95)),
        p99_ms=_ms(tally.quantile_s(_P99)),
        max_ms=tally.max_s * 1000,
        size=tally.size,
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
