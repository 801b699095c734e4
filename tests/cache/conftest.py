"""A clock of a test's own, and a Redis."""

from collections.abc import Iterator

import pytest

from tests.support.cache_clock import cache_clock
from tests.support.redis import RedisServer, redis_program

__all__ = ["cache_clock"]


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running Redis, which a test may kill and start again."""
    server = RedisServer(redis_program())
    server.start()
    yield server
    server.kill()
