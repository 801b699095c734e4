"""Bodies that several processes share in Redis; while it is away, each goes on from its memory.

Keys carry the product's version and the database's identity: what another version made, or was made
of another database, is never found.
"""

import logging
import struct
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from app.cache.lock import RedisMutex
from app.trouble import Trouble
from db.backoff import Backoff
from db.errors import OIError

if TYPE_CHECKING:
    from redis import Redis

_LOG = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 3.0
# a cache that is slower than that is none
TIMEOUT_S = 0.3
_IDENTITY_S = 60.0
# the longest that a body counts, and is given though it is too old
_KEPT_S = 900
UNHEARD_S = 2.0
_MADE_AT = struct.Struct(">d")
ResultT = TypeVar("ResultT")


class RedisAwayError(OIError):
    """Redis did not answer, or refused."""


class RedisStore:
    """One Redis of one database's processes; may be used by any thread, and never fails."""

    def __init__(self, url: str, version: str, identity: Callable[[], str]) -> None:
        self._url = url
        self._version = version
        self._ask_identity = identity
        self._identity: tuple[float, str] | None = None
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._client: Redis | None = None
        self._away_until = 0.0
        self._heard_at = 0.0
        self._problem: str | None = None
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        again = "Redis answers again; what is made from now on is shared by all processes"
        self._unnamed = Trouble(_LOG, "The database did not say which one it is")
        self._trouble = Trouble(_LOG, "Each process keeps its own cache", again)

    def get(self, region: str, key: str) -> tuple[float, bytes] | None:
        """When it was made (seconds since 1970) and the body; None where it is not known."""
        name = self._name(region, key)
        found = None if name is None else self._attempt(lambda client: client.get(name))
        if not isinstance(found, bytes) or len(found) < _MADE_AT.size:
            return None
        (made_at,) = _MADE_AT.unpack_from(found)
        return made_at, found[_MADE_AT.size :]

    def put(self, region: str, key: str, made_at: float, body: bytes) -> None:
        """Keep a body for as long as anybody may still be given it."""
        # asked for only once the database has just answered
        self._learn_identity()
        name = self._name(region, key)
        if name is not None:
            kept = _MADE_AT.pack(made_at) + body
            self._attempt(lambda client: client.set(name, kept, ex=_KEPT_S))

    def delete(self, region: str, key: str) -> None:
        """Forget a body."""
        name = self._name(region, key)
        if name is not None:
            self._attempt(lambda client: client.delete(name))

    def mutex(self, region: str, key: str) -> RedisMutex | None:
        """A lock that one process holds; None while Redis is away."""
        name = self._name(region, key)
        if name is None or self._is_away:
            return None
        return RedisMutex(self._attempt, f"{name}:making")

    def problem(self) -> str | None:
        """What is wrong, in a sentence; asks Redis when nothing was heard of it for a while."""
        if time.monotonic() - self._heard_at > UNHEARD_S:
            self._attempt(lambda client: client.ping())
        return self._problem

    def close(self) -> None:
        """Return the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _name(self, region: str, key: str) -> str | None:
        """The whole key; None while it is not known which database this is."""
        if self._identity is None:
            return None
        return f"oi-gemini:{self._version}:{self._identity[1]}:{region}:{key}"

    def _learn_identity(self) -> None:
        """Ask the database who it is, now and then: another may stand in its place by now."""
        now = time.monotonic()
        if self._identity is not None and now - self._identity[0] < _IDENTITY_S:
            return
        # one asks for all
        if not self._asking.acquire(blocking=False):
            return
        try:
            self._identity = now, self._ask_identity()
        except Exception as error:  # who asked has its value, and what is known so far stays
            self._unnamed.met(error)
        else:
            self._unnamed.over()
        finally:
            self._asking.release()

    def _attempt(self, call: "Callable[[Redis], ResultT]") -> ResultT | None:
        """What Redis answers; None while it is away, which is said once."""
        from redis import RedisError

        if self._is_away:
            return None
        try:
            answer = call(self._connected())
        except (RedisError, OSError) as error:
            self._lost(error)
            return None
        self._found()
        return answer

    def _connected(self) -> "Redis":
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        with self._lock:
            if self._client is None:
                self._client = Redis.from_url(
                    self._url,
                    socket_timeout=TIMEOUT_S,
                    socket_connect_timeout=TIMEOUT_S,
                    # a link that an earlier server left behind is replaced at once
                    retry=Retry(NoBackoff(), 1),
                )
            return self._client

    def _lost(self, error: Exception) -> None:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        problem = RedisAwayError(f"Redis does not answer: {reason}.")
        with self._lock:
            now = time.monotonic()
            self._heard_at = now
            self._away_until = now + self._pauses.next_s()
            self._problem = str(problem)
            self._trouble.met(problem)

    def _found(self) -> None:
        with self._lock:
            self._heard_at = time.monotonic()
            self._problem = None
            self._pauses.reset()
            self._trouble.over()
