"""Processes that share a Redis: one makes a value for all, and none needs it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from redis import Redis

from app.cache import Cache
from app.cache.lock import PATIENCE_S
from db.errors import DatabaseUnavailableError
from tests.support.redis import RedisServer
from tests.support.waiting import eventually

Make = Callable[[], bytes]


@contextmanager
def sharing(server: RedisServer, identity: Callable[[], str] = lambda: "one") -> Iterator[Cache]:
    """The cache of another process."""
    cache = Cache(redis_url=server.url, identity=identity)
    # a process knows which database it is of once that has answered
    cache.bodies("before").get("anything", 60.0, lambda: b"made")
    try:
        yield cache
    finally:
        cache.close()


@pytest.fixture
def two(redis_server: RedisServer) -> Iterator[tuple[Cache, Cache]]:
    with ExitStack() as stack:
        yield tuple(stack.enter_context(sharing(redis_server)) for _ in range(2))


def never() -> bytes:
    raise AssertionError("it was made already")


def test_what_one_made_the_other_need_not(two: tuple[Cache, Cache]) -> None:
    first, second = (cache.bodies("shared") for cache in two)
    assert first.get(("NSE", 1), 60.0, lambda: b"made") == b"made"
    assert second.get(("NSE", 1), 60.0, never) == b"made"


def test_what_one_forgets_is_forgotten_by_redis(two: tuple[Cache, Cache]) -> None:
    first, second = (cache.bodies("shared") for cache in two)
    first.get("a", 60.0, lambda: b"made")
    first.forget("a")
    assert second.get("a", 60.0, lambda: b"anew") == b"anew"


def test_one_process_makes_what_two_ask_for(two: tuple[Cache, Cache]) -> None:
    first, second = (cache.bodies("shared") for cache in two)
    under_way, may_end = threading.Event(), threading.Event()
    given: list[bytes] = []

    def slow() -> bytes:
        under_way.set()
        assert may_end.wait(PATIENCE_S / 2)
        return b"made"

    threads = [threading.Thread(target=lambda: given.append(first.get("a", 60.0, slow)))]
    threads[0].start()
    assert under_way.wait(60)
    threads.append(threading.Thread(target=lambda: given.append(second.get("a", 60.0, never))))
    threads[1].start()
    # the second one has seen that there is nothing, and waits
    eventually(lambda: second._flights.is_under_way(next(iter(second._flights._flights), "")))
    may_end.set()
    for thread in threads:
        thread.join(60)
    assert given == [b"made", b"made"]


def test_who_died_while_making_holds_up_nobody(
    redis_server: RedisServer, two: tuple[Cache, Cache]
) -> None:
    region = two[0].bodies("shared")
    region.get("a", 60.0, lambda: b"made")
    with Redis.from_url(redis_server.url) as client:
        (name,) = client.keys("*:shared:*")
        client.delete(name)
        client.set(name + b":making", "somebody who is gone")
    other = two[1].bodies("shared")
    began = time.monotonic()
    assert other.get("a", 60.0, lambda: b"anew") == b"anew"
    assert time.monotonic() - began >= PATIENCE_S


def test_another_database_shares_nothing(redis_server: RedisServer) -> None:
    with sharing(redis_server) as first, sharing(redis_server, lambda: "two") as second:
        first.bodies("shared").get("a", 60.0, lambda: b"made")
        assert second.bodies("shared").get("a", 60.0, lambda: b"another") == b"another"


def test_a_database_that_does_not_say_who_it_is_shares_nothing(redis_server: RedisServer) -> None:
    def away() -> str:
        raise DatabaseUnavailableError("The database does not answer.")

    with sharing(redis_server, away) as cache:
        assert cache.bodies("shared").get("a", 60.0, lambda: b"made") == b"made"
    with Redis.from_url(redis_server.url) as client:
        assert client.keys("*") == []


def test_without_redis_each_goes_on_from_memory_and_says_so_once(
    redis_server: RedisServer, two: tuple[Cache, Cache], caplog: pytest.LogCaptureFixture
) -> None:
    cache, region = two[0], two[0].bodies("shared")
    region.get("before", 60.0, lambda: b"made")
    assert cache.problem() is None
    with caplog.at_level(logging.WARNING, "app.cache.redis"):
        redis_server.kill()
        for key in range(20):
            assert region.get(key, 60.0, lambda: b"made here") == b"made here"
        assert region.get("before", 60.0, never) == b"made"
        assert region.get(0, 60.0, never) == b"made here"
        assert "Redis does not answer" in (cache.problem() or "")
        redis_server.start()
        eventually(lambda: cache.problem() is None)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2, said
    assert said[0].startswith("Each process keeps its own cache: Redis does not answer")
    assert said[1].startswith("Redis answers again")
    region.get("after", 60.0, lambda: b"shared again")
    assert two[1].bodies("shared").get("after", 60.0, never) == b"shared again"


def test_a_redis_that_swallows_everything_is_waited_for_no_longer_than_a_blink(
    two: tuple[Cache, Cache], redis_server: RedisServer
) -> None:
    region = two[0].bodies("shared")
    with Redis.from_url(redis_server.url) as client:
        client.client_pause(60_000)
        made = [region.get(key, 60.0, lambda: b"made") for key in range(50)]
    assert made == [b"made"] * 50
    assert "Redis does not answer" in (two[0].problem() or "")


def test_what_lies_there_damaged_is_made_anew(
    two: tuple[Cache, Cache], redis_server: RedisServer
) -> None:
    first, second = (cache.bodies("shared") for cache in two)
    first.get("a", 60.0, lambda: b"made")
    with Redis.from_url(redis_server.url) as client:
        (name,) = client.keys("*:shared:*")
        client.set(name, b"x")
    assert second.get("a", 60.0, lambda: b"anew") == b"anew"
