"""Values in one process's memory, bounded by their bytes: the least used are given up first."""

from collections import OrderedDict
from threading import Lock
from typing import Any, NamedTuple

# what an entry takes beside its value: its key, its place, the time it was made
_BESIDE_BYTES = 400


class _Entry(NamedTuple):
    value: Any
    bytes: int


class Held(NamedTuple):
    """How much of one region is here."""

    entries: int = 0
    bytes: int = 0


class Memory:
    """One bound for all regions that share it; may be used by any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._held: dict[str, Held] = {}
        self._bytes = 0

    def get(self, region: str, key: str) -> Any | None:
        """The value of a key, which counts as used now."""
        with self._lock:
            found = self._entries.get((region, key))
            if found is None:
                return None
            self._entries.move_to_end((region, key))
            return found.value

    def put(self, region: str, key: str, value: Any, size_bytes: int) -> None:
        """Keep a value, unless it alone would fill all there is."""
        entry = _Entry(value, size_bytes + _BESIDE_BYTES)
        with self._lock:
            self._drop((region, key))
            if entry.bytes > self._most_bytes:
                return
            self._entries[region, key] = entry
            self._count(region, 1, entry.bytes)
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._entries)))

    def delete(self, region: str, key: str) -> None:
        """Forget a key, if it is here."""
        with self._lock:
            self._drop((region, key))

    def held(self, region: str) -> Held:
        """How much of a region is here."""
        with self._lock:
            return self._held.get(region, Held())

    def _drop(self, place: tuple[str, str]) -> None:
        gone = self._entries.pop(place, None)
        if gone is not None:
            self._count(place[0], -1, -gone.bytes)

    def _count(self, region: str, entries: int, size_bytes: int) -> None:
        before = self._held.get(region, Held())
        self._held[region] = Held(before.entries + entries, before.bytes + size_bytes)
        self._bytes += size_bytes
