"""Values in one process's memory, bounded by their bytes: the least used are given up first."""

from collections import OrderedDict
from itertools import count
from threading import Lock
from typing import Any, NamedTuple

# what an entry takes beside its value: its key, its place, the time it was made
_BESIDE_BYTES = 400


class _Entry(NamedTuple):
    value: Any
    bytes: int
    used: int


class Held(NamedTuple):
    """How much of one region is here."""

    entries: int = 0
    bytes: int = 0


class Memory:
    """One bound for all regions that share it; may be used by any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._uses = count()
        # each region's entries from the least used on
        self._regions: dict[str, OrderedDict[str, _Entry]] = {}
        self._bytes: dict[str, int] = {}

    def get(self, region: str, key: str) -> Any | None:
        """The value of a key, which counts as used now."""
        with self._lock:
            entries = self._regions.get(region)
            found = None if entries is None else entries.get(key)
            if entries is None or found is None:
                return None
            entries[key] = found._replace(used=next(self._uses))
            entries.move_to_end(key)
            return found.value

    def put(self, region: str, key: str, value: Any, size_bytes: int, share: float = 1.0) -> None:
        """Keep a value, unless it alone would fill all there is.

        The region takes no more than its share of the bound, so that others are not given up for
        it.
        """
        entry = _Entry(value, size_bytes + _BESIDE_BYTES, next(self._uses))
        most_bytes = int(self._most_bytes * share)
        with self._lock:
            self._drop(region, key)
            if entry.bytes > most_bytes:
                return
            self._regions.setdefault(region, OrderedDict())[key] = entry
            self._bytes[region] = self._bytes.get(region, 0) + entry.bytes
            while self._bytes[region] > most_bytes:
                self._drop(region, next(iter(self._regions[region])))
            while sum(self._bytes.values()) > self._most_bytes:
                self._drop(*self._least_used())

    def delete(self, region: str, key: str) -> None:
        """Forget a key, if it is here."""
        with self._lock:
            self._drop(region, key)

    def held(self, region: str) -> Held:
        """How much of a region is here."""
        with self._lock:
            return Held(len(self._regions.get(region, ())), self._bytes.get(region, 0))

    def _least_used(self) -> tuple[str, str]:
        firsts = {region: next(iter(e.items())) for region, e in self._regions.items() if e}
        region = min(firsts, key=lambda name: firsts[name][1].used)
        return region, firsts[region][0]

    def _drop(self, region: str, key: str) -> None:
        entries = self._regions.get(region)
        gone = None if entries is None else entries.pop(key, None)
        if gone is not None:
            self._bytes[region] -= gone.bytes
