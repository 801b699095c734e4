"""The cache of one process: its regions, which share one bound, and the Redis beside them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from app.cache.memory import Memory
from app.cache.region import Region

if TYPE_CHECKING:
    from app.cache.redis import RedisStore
    from db.settings import Settings

ValueT = TypeVar("ValueT")

_MIB = 1 << 20
_MOST_BYTES = 64 * _MIB


class Cache:
    """Makes regions; `identity` tells one database from another among those that share a Redis.

    Without an address of a Redis everything lies in memory. A cache that is off keeps nothing.
    """

    def __init__(
        self,
        most_bytes: int = _MOST_BYTES,
        redis_url: str | None = None,
        identity: Callable[[], str] = lambda: "",
        *,
        is_on: bool = True,
    ) -> None:
        self._memory = Memory(most_bytes)
        self._is_on = is_on
        self._redis: RedisStore | None = None
        if redis_url is not None and is_on:
            self._redis = _redis(redis_url, identity)

    @classmethod
    def of(cls, settings: "Settings", identity: Callable[[], str]) -> "Cache":
        """As the settings say."""
        is_on = "cache" not in settings.without
        return cls(settings.cache_mb * _MIB, settings.redis_url, identity, is_on=is_on)

    def bodies(self, name: str) -> Region[bytes]:
        """A region of encoded bodies, which processes share where there is a Redis."""
        return Region(name, self._memory, len, self._redis, is_on=self._is_on)

    def values(
        self, name: str, weigh: Callable[[ValueT], int], share: float = 1.0
    ) -> Region[ValueT]:
        """A region of this process alone; `weigh` tells about how many bytes a value takes.

        What bodies are made of has a small share of the memory: it must not drive them out.
        """
        return Region(name, self._memory, weigh, share=share, is_on=self._is_on)

    @property
    def is_shared(self) -> bool:
        """Whether there is to be a Redis."""
        return self._redis is not None

    def problem(self) -> str | None:
        """What is wrong with Redis, in a sentence; None where nothing is, or none is used."""
        return None if self._redis is None else self._redis.problem()

    def close(self) -> None:
        """Return the connections."""
        if self._redis is not None:
            self._redis.close()


def _redis(url: str, identity: Callable[[], str]) -> "RedisStore":
    from importlib.metadata import version

    from app.cache.redis import RedisStore

    return RedisStore(url, version("oi-gemini"), identity)
