"""A region: made once for a crowd, made anew when it is old, bounded, and counted."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from app.cache import Cache, Region, statistics
from app.cache.region import STALE_S
from tests.support.cache_clock import CacheClock
from tests.support.waiting import eventually

CROWD = 200


@dataclass
class Maker:
    """Makes a value that counts; may be told to wait, or to fail."""

    made: int = 0
    fails: bool = False
    under_way: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_end.set()

    def __call__(self) -> bytes:
        self.made += 1
        self.under_way.set()
        assert self.may_end.wait(60)
        if self.fails:
            raise ConnectionError(f"attempt {self.made}")
        return b"%d" % self.made

    def hangs(self) -> None:
        self.under_way.clear()
        self.may_end.clear()


@pytest.fixture
def region() -> Region[bytes]:
    return Cache().bodies("tested")


@dataclass
class Crowd:
    """Threads that ask at once, and what they were given."""

    ask: Callable[[], bytes]
    size: int = CROWD
    given: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.threads = [threading.Thread(target=self._one) for _ in range(self.size)]
        for thread in self.threads:
            thread.start()

    def _one(self) -> None:
        try:
            self.given.append(self.ask())
        except ConnectionError as error:
            self.refused.append(str(error))

    def end(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


def waiting(region: Region[bytes]) -> int:
    """How many wait for a value that is being made."""
    flights = list(region._flights._flights.values())
    return sum(len(flight.outcome._condition._waiters) for flight in flights)


def test_a_value_holds_for_its_time(region: Region[bytes], cache_clock: CacheClock) -> None:
    make = Maker()
    assert [region.get("a", 10.0, make) for _ in range(2)] == [b"1", b"1"]
    cache_clock.passes(9.9)
    assert region.get("a", 10.0, make) == b"1"
    cache_clock.passes(0.2)
    assert region.get("a", 10.0, make) == b"2"


def test_a_clock_that_is_set_back_lets_no_value_live_longer(
    region: Region[bytes], cache_clock: CacheClock
) -> None:
    make = Maker()
    region.get("a", 10.0, make)
    cache_clock.passes(-3600.0)
    assert region.get("a", 10.0, make) == b"2"


def test_keys_are_told_apart_by_their_kinds_too(region: Region[bytes]) -> None:
    make = Maker()
    keys = (1, "1", 1.0, (1,), ("1",), None)
    assert len({region.get(key, 10.0, make) for key in keys}) == len(keys)


def test_a_failure_is_not_kept(region: Region[bytes]) -> None:
    make = Maker(fails=True)
    with pytest.raises(ConnectionError):
        region.get("a", 60.0, make)
    make.fails = False
    assert region.get("a", 60.0, make) == b"2"


def test_what_is_unknown_is_asked_for_again() -> None:
    values: Region[int | None] = Cache().values("tested", lambda value: 8)
    assert values.get("a", 60.0, lambda: None) is None
    assert values.get("a", 60.0, lambda: 1) == 1


def test_what_is_forgotten_is_made_anew(region: Region[bytes]) -> None:
    make = Maker()
    region.get("a", 60.0, make)
    region.forget("a")
    assert region.get("a", 60.0, make) == b"2"


def test_a_crowd_makes_a_value_once(region: Region[bytes]) -> None:
    make = Maker()
    make.hangs()
    crowd = Crowd(lambda: region.get("a", 60.0, make))
    eventually(lambda: waiting(region) == CROWD - 1)
    make.may_end.set()
    crowd.end()
    assert (make.made, crowd.given) == (1, [b"1"] * CROWD)


def test_a_crowd_shares_one_failed_attempt(region: Region[bytes]) -> None:
    make = Maker(fails=True)
    make.hangs()
    crowd = Crowd(lambda: region.get("a", 60.0, make))
    eventually(lambda: waiting(region) == CROWD - 1)
    make.may_end.set()
    crowd.end()
    assert (make.made, crowd.refused) == (1, ["attempt 1"] * CROWD)


def test_a_crowd_is_given_the_old_value_while_one_makes_the_new(
    region: Region[bytes], cache_clock: CacheClock
) -> None:
    make = Maker()
    region.get("a", 10.0, make)
    cache_clock.passes(11.0)
    make.hangs()
    first = Crowd(lambda: region.get("a", 10.0, make), size=1)
    assert make.under_way.wait(60)
    crowd = Crowd(lambda: region.get("a", 10.0, make))
    crowd.end()
    assert crowd.given == [b"1"] * CROWD
    make.may_end.set()
    first.end()
    assert (first.given, make.made) == ([b"2"], 2)
    assert region.statistics().stale == CROWD


def test_what_is_much_too_old_is_given_to_nobody(
    region: Region[bytes], cache_clock: CacheClock
) -> None:
    make = Maker()
    region.get("a", 10.0, make)
    cache_clock.passes(10.0 + STALE_S + 1.0)
    make.hangs()
    crowd = Crowd(lambda: region.get("a", 10.0, make), size=4)
    eventually(lambda: waiting(region) == 3)
    make.may_end.set()
    crowd.end()
    assert crowd.given == [b"2"] * 4


def test_memory_is_bounded_and_the_least_used_is_given_up() -> None:
    cache = Cache(most_bytes=10_000)
    first, second = cache.bodies("first"), cache.bodies("second")
    for key in ("a", "b", "a", "c"):
        # the bound is that of all regions together
        region = second if key == "c" else first
        region.get(key, 60.0, lambda: b"x" * 4_000)
    assert first.get("a", 60.0, lambda: b"anew") == b"x" * 4_000
    assert first.get("b", 60.0, lambda: b"anew") == b"anew"
    held = [each.statistics() for each in (first, second)]
    assert [each.entries for each in held] == [2, 1]
    assert sum(each.bytes for each in held) <= 10_000


def test_a_region_with_a_share_drives_out_no_other() -> None:
    cache = Cache(most_bytes=100_000)
    bodies = cache.bodies("bodies")
    parts: Region[bytes] = cache.values("parts", len, share=0.25)
    for key in range(20):
        bodies.get(key, 60.0, lambda: b"x" * 2_000)
        parts.get(key, 60.0, lambda: b"x" * 5_000)
    assert bodies.statistics().entries == 20
    assert parts.statistics().entries == 4
    assert parts.get(19, 60.0, lambda: b"anew") != b"anew"
    assert parts.get(0, 60.0, lambda: b"anew") == b"anew"


def test_a_value_larger_than_the_bound_is_given_and_not_kept() -> None:
    region = Cache(most_bytes=1_000).bodies("tested")
    region.get("small", 60.0, lambda: b"x")
    assert region.get("large", 60.0, lambda: b"x" * 2_000) == b"x" * 2_000
    assert region.statistics().entries == 1


def test_without_the_cache_each_call_makes_its_value() -> None:
    region, make = Cache(is_on=False).bodies("tested"), Maker()
    assert [region.get("a", 60.0, make) for _ in range(2)] == [b"1", b"2"]


def test_statistics_are_told_of_all_regions_of_a_name() -> None:
    regions = [Cache().bodies("told apart by its name") for _ in range(2)]
    fails = Maker(fails=True)
    for region in regions:
        region.get("a", 60.0, Maker())
        region.get("a", 60.0, Maker())
        with suppress(ConnectionError):
            region.get("b", 60.0, fails)
    (found,) = [each for each in statistics() if each.name == "told apart by its name"]
    assert (found.hits, found.misses, found.stale, found.entries) == (2, 4, 0, 2)
    assert found.bytes > 0
    assert found.hit_ratio == pytest.approx(1 / 3)


def test_no_call_has_no_hit_ratio(region: Region[bytes]) -> None:
    assert region.statistics().hit_ratio is None
