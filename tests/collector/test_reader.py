"""A feed is read to its end, and again when its connection is lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.collector.reader import Reader
from db.backoff import Backoff
from db.errors import InvalidInputError
from db.market.ticks import ChainSnapshot
from tests.collector.chains import AT, chain
from tests.collector.feeds import ScriptedFeed


class Reading:
    """A reader at work, and what it has handed on."""

    def __init__(self, feed: ScriptedFeed) -> None:
        self.taken: list[ChainSnapshot] = []
        self._ended = threading.Event()
        self.reader = Reader(feed, self.taken.append, self._ended.set, Backoff(0.0, 0.0))
        self.reader.start()

    def to_the_end(self) -> list[ChainSnapshot]:
        assert self._ended.wait(30)
        return self.taken


def states(count: int) -> Iterator[ChainSnapshot]:
    return (chain(AT + timedelta(seconds=n)) for n in range(count))


def lost() -> Iterator[ChainSnapshot]:
    yield chain()
    raise ConnectionError("gone")


def broken() -> Iterator[ChainSnapshot]:
    yield chain()
    raise ValueError("broken")


def test_every_batch_is_handed_on_in_order() -> None:
    given = list(states(50))
    assert Reading(ScriptedFeed(lambda: given, live=False)).to_the_end() == given


def test_a_lost_connection_is_made_again() -> None:
    reading = Reading(ScriptedFeed(lost, lost, lambda: states(1), live=False))
    assert len(reading.to_the_end()) == 3
    assert reading.reader.lost_connections == 2
    assert reading.reader.failure is None


def test_a_live_feed_that_fails_is_begun_again() -> None:
    reading = Reading(ScriptedFeed(broken, broken, lambda: states(2), live=True))
    assert len(reading.to_the_end()) == 4
    assert reading.reader.lost_connections == 2


def test_a_recording_that_fails_ends_after_what_came_before() -> None:
    reading = Reading(ScriptedFeed(broken, live=False))
    assert len(reading.to_the_end()) == 1
    assert isinstance(reading.reader.failure, ValueError)


@pytest.mark.parametrize("live", [True, False])
def test_what_a_person_chose_wrongly_is_not_tried_again(live: bool) -> None:
    def script() -> Iterator[ChainSnapshot]:
        raise InvalidInputError("no such day")

    reading = Reading(ScriptedFeed(script, live=live))
    reading.to_the_end()
    assert isinstance(reading.reader.failure, InvalidInputError)


def test_stopping_ends_before_the_next_batch() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def script() -> Iterator[ChainSnapshot]:
        begun.set()
        for batch in states(10_000):
            go_on.wait(30)
            yield batch

    reading = Reading(ScriptedFeed(script, live=False))
    assert begun.wait(30)
    reading.reader.stop(timeout_s=0)
    go_on.set()
    assert len(reading.to_the_end()) == 1
