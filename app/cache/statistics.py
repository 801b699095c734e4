"""How well the caches of this process serve, for whoever shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol
from weakref import WeakSet


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """What a region of one name did since the process began, and what it holds in memory.

    A miss is a value that had to be made, or that another process was found to have made; `stale`
    counts those that were a little too old and were given while one caller made a new one.
    """

    name: str
    hits: int = 0
    misses: int = 0
    stale: int = 0
    entries: int = 0
    bytes: int = 0

    @property
    def hit_ratio(self) -> float | None:
        """The share of calls that waited for nothing; None before the first call."""
        calls = self.hits + self.misses + self.stale
        return (self.hits + self.stale) / calls if calls else None

    def with_(self, other: "RegionStatistics") -> "RegionStatistics":
        """Both together."""
        return RegionStatistics(
            self.name,
            self.hits + other.hits,
            self.misses + other.misses,
            self.stale + other.stale,
            self.entries + other.entries,
            self.bytes + other.bytes,
        )


class Counted(Protocol):
    """Something that tells its statistics."""

    def statistics(self) -> RegionStatistics:
        """Those of now."""
        ...


class Counts:
    """Counts the calls of one region; may be used by any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.hits = self.misses = self.stale = 0

    def hit(self) -> None:
        """A value was there."""
        with self._lock:
            self.hits += 1

    def miss(self) -> None:
        """A value had to be made, or waited for."""
        with self._lock:
            self.misses += 1

    def gave_stale(self) -> None:
        """A value was given though it was too old."""
        with self._lock:
            self.stale += 1


_known: "WeakSet[Counted]" = WeakSet()


def known(region: Counted) -> None:
    """Let the region be told of by `statistics` as long as it lives."""
    _known.add(region)


def statistics() -> tuple[RegionStatistics, ...]:
    """One a name, in the order of names; regions of the same name are taken together."""
    return _by_name(region.statistics() for region in tuple(_known))


def _by_name(found: Iterable[RegionStatistics]) -> tuple[RegionStatistics, ...]:
    sums: dict[str, RegionStatistics] = {}
    for each in found:
        sums[each.name] = sums[each.name].with_(each) if each.name in sums else each
    return tuple(sums[name] for name in sorted(sums))
