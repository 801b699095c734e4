"""A Redis of a test's own."""

from benchmarks.chaos.redis import RedisServer
from tests.support.debian import program

__all__ = ["RedisServer", "redis_program"]


def redis_program() -> list[str]:
    """The command that runs a Redis; skips the test where none is to be had."""
    return program("redis-server", "redis-server", "redis")
