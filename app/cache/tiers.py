"""Where a region's values lie: in this process, and beside it in Redis where one is shared."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dogpile.cache.api import NO_VALUE, CacheBackend, CachedValue
from dogpile.cache.region import value_version

from app.cache.memory import Memory

if TYPE_CHECKING:
    from app.cache.lock import RedisMutex
    from app.cache.redis import RedisStore


class Tiers(CacheBackend):
    """Memory before Redis: what was asked for here lately needs no way over the network.

    As Redis goes, memory stays: nothing has to be switched over.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._region: str = arguments["region"]
        self._keep_s: float = arguments["keep_s"]
        self._memory: Memory = arguments["memory"]
        self._shared: RedisStore | None = arguments["shared"]
        self._weigh: Callable[[Any], int] = arguments["weigh"]
        self._share: float = arguments["share"]

    def get(self, key: str) -> Any:
        """The newest value there is, with the time it was made, however old it may be."""
        here: CachedValue | None = self._memory.get(self._region, key)
        if self._shared is None or (here is not None and _age_s(here) < self._keep_s):
            return NO_VALUE if here is None else here
        found = self._shared.get(self._region, key)
        if found is None or (here is not None and found[0] <= here.metadata["ct"]):
            return NO_VALUE if here is None else here
        there = CachedValue(found[1], {"ct": found[0], "v": value_version})
        self._keep(key, there)
        return there

    def set(self, key: str, value: Any) -> None:
        """Keep a value in both."""
        self._keep(key, value)
        if self._shared is not None:
            self._shared.put(self._region, key, value.metadata["ct"], value.payload)

    def delete(self, key: str) -> None:
        """Forget a value in both."""
        self._memory.delete(self._region, key)
        if self._shared is not None:
            self._shared.delete(self._region, key)

    def get_mutex(self, key: str) -> "RedisMutex | None":
        """What keeps other processes from making the same."""
        return None if self._shared is None else self._shared.mutex(self._region, key)

    def get_multi(self, keys: Iterable[str]) -> Sequence[Any]:
        """Several values."""
        return [self.get(key) for key in keys]

    def set_multi(self, mapping: Mapping[str, Any]) -> None:
        """Keep several values."""
        for key, value in mapping.items():
            self.set(key, value)

    def delete_multi(self, keys: Iterable[str]) -> None:
        """Forget several values."""
        for key in keys:
            self.delete(key)

    def _keep(self, key: str, value: Any) -> None:
        size_bytes = self._weigh(value.payload)
        self._memory.put(self._region, key, value, size_bytes, self._share)


def _age_s(value: CachedValue) -> float:
    return time.time() - float(value.metadata["ct"])
