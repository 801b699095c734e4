"""A region of values: made once for a crowd, kept for a while, a little too old while renewed."""

import time
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from app.cache.flight import SingleFlight
from app.cache.memory import Memory
from app.cache.statistics import Counts, RegionStatistics, known

if TYPE_CHECKING:
    from dogpile.cache import CacheRegion

    from app.cache.redis import RedisStore

ValueT = TypeVar("ValueT")

STALE_S = 60.0
"""So long past its time a value is still given to those who come while one makes it anew."""

_FOR_GOOD_S = float("inf")
_BACKEND = "app.tiers"
_DIGEST_BYTES = 16
# a value from further ahead is of a clock that was set back: nobody knows how old it is
_AHEAD_S = 1.0


class Region(Generic[ValueT]):
    """Values under one name; `weigh` tells the bytes of one. May be used by any thread.

    `share` is how much of the memory it may take.
    """

    def __init__(
        self,
        name: str,
        memory: Memory,
        weigh: Callable[[ValueT], int],
        shared: "RedisStore | None" = None,
        *,
        share: float = 1.0,
        is_on: bool = True,
    ) -> None:
        self.name = name
        self._memory = memory
        self._weigh = weigh
        self._shared = shared
        self._share = share
        self._is_on = is_on
        self._counts = Counts()
        self._flights: SingleFlight[ValueT] = SingleFlight()
        self._regions: dict[float, CacheRegion] = {}
        known(self)

    def get(self, key: Hashable, keep_s: float, make: Callable[[], ValueT]) -> ValueT:
        """The value of `key`, made anew when it was made more than `keep_s` seconds ago.

        One thread makes it, and of processes that share Redis one at a time; who asks meanwhile is
        given the old value where it is not much too old, else shares what comes of it, an error
        too. None is not kept: what was unknown may be known by now. What a value depends on belongs
        into its key, told apart by `repr`.
        """
        if not self._is_on:
            self._counts.miss()
            return make()
        region, name = self._region(keep_s), _name_of(key)
        found = region.get_value_metadata(name, ignore_expiration=True)
        age_s = float("inf") if found is None else time.time() - found.metadata["ct"]
        if found is not None and -_AHEAD_S <= age_s < keep_s + STALE_S:
            value: ValueT = found.payload
            if age_s < keep_s:
                self._counts.hit()
                return value
            if self._flights.is_under_way(name):
                self._counts.gave_stale()
                return value
        elif found is not None:
            region.delete(name)
        self._counts.miss()
        return self._flights.do(name, lambda: _made(region, name, make))

    def known(self, key: Hashable, keep_s: float) -> ValueT | None:
        """The value of a key that was kept within the last `keep_s` seconds; None without one."""
        found = self._region(_FOR_GOOD_S).get_value_metadata(_name_of(key))
        age_s = _FOR_GOOD_S if found is None else time.time() - found.metadata["ct"]
        if found is None or not -_AHEAD_S <= age_s < keep_s:
            self._counts.miss()
            return None
        self._counts.hit()
        value: ValueT = found.payload
        return value

    def keep(self, key: Hashable, value: ValueT) -> None:
        """Keep a value that was made elsewhere."""
        if self._is_on:
            self._region(_FOR_GOOD_S).set(_name_of(key), value)

    def forget(self, key: Hashable) -> None:
        """Let the next call make the value of a key anew."""
        self._region(_FOR_GOOD_S).delete(_name_of(key))

    def statistics(self) -> RegionStatistics:
        """What it did so far and holds now."""
        held, counts = self._memory.held(self.name), self._counts
        return RegionStatistics(
            self.name, counts.hits, counts.misses, counts.stale, held.entries, held.bytes
        )

    def _region(self, keep_s: float) -> "CacheRegion":
        """One of dogpile's for each time that values are kept; they hold the same values."""
        if keep_s not in self._regions:
            self._regions[keep_s] = _configured(
                region=self.name,
                keep_s=keep_s,
                memory=self._memory,
                shared=self._shared,
                weigh=self._weigh,
                share=self._share,
            )
        return self._regions[keep_s]


def _configured(**arguments: Any) -> "CacheRegion":
    # loaded by the first request that reads, not by the login page
    from dogpile.cache import make_region, register_backend

    register_backend(_BACKEND, "app.cache.tiers", "Tiers")  # type: ignore[no-untyped-call]
    return make_region().configure(
        _BACKEND, expiration_time=arguments["keep_s"], arguments=arguments
    )


def _made(region: "CacheRegion", name: str, make: Callable[[], ValueT]) -> ValueT:
    value: ValueT = region.get_or_create(name, make, should_cache_fn=_is_known)
    return value


def _is_known(value: object) -> bool:
    return value is not None


def _name_of(key: Hashable) -> str:
    return blake2b(repr(key).encode(), digest_size=_DIGEST_BYTES).hexdigest()
