"""A lock in Redis, so that of several processes one makes a value."""

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dogpile.cache.api import CacheMutex

if TYPE_CHECKING:
    from redis import Redis

PATIENCE_S = 2.0
"""So long a process waits for another to make a value; then it makes the value itself."""

_LOOK_S = 0.01
# whoever holds it longer than any statement may take is gone
_HELD_MS = 30_000
# only by whoever holds it: another may do so by now (https://redis.io/docs/latest/commands/set/)
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


class RedisMutex(CacheMutex):
    """As dogpile takes and releases it; `attempt` answers None while Redis is away.

    Without Redis, and after some patience, there is nothing to wait for: it counts as taken.
    """

    def __init__(self, attempt: "Callable[[Callable[[Redis], Any]], Any]", name: str) -> None:
        self._attempt = attempt
        self._name = name
        self._token = secrets.token_hex(8)

    def acquire(self, wait: bool = True) -> bool:
        """Whether the value may be made here; waits for another process that makes it."""
        end = time.monotonic() + PATIENCE_S
        while not self._take():
            if not wait:
                return False
            if time.monotonic() > end:
                return True
            time.sleep(_LOOK_S)
        return True

    def release(self) -> None:
        """Let others make it, if it is ours."""
        self._attempt(lambda client: client.eval(_RELEASE, 1, self._name, self._token))

    def locked(self) -> bool:
        """Whether any process makes it."""
        return bool(self._attempt(lambda client: client.exists(self._name)))

    def _take(self) -> bool:
        def ask(client: "Redis") -> bool:
            taken = client.set(self._name, self._token, nx=True, px=_HELD_MS)
            return taken is not None

        answer = self._attempt(ask)
        return answer is not False
