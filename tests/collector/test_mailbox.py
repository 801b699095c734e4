"""The feed's thread never waits for the database, and recordings lose nothing."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from app.collector.mailbox import Mailbox
from db.market.ticks import ChainSnapshot
from tests.collector.chains import AT, chain


class ScriptedFeed:
    """A feed whose every connection plays the next of some scripts."""

    def __init__(self, *scripts: Callable[[], Iterator[ChainSnapshot]], live: bool) -> None:
        self.live = live
        self.rejected: Counter[str] = Counter()
        self._scripts = iter(scripts)

    def batches(self) -> Iterator[ChainSnapshot]:
        return next(self._scripts)()

    def reconnect(self) -> None:
        pass

    def close(self) -> None:
        pass


def states(count: int) -> Iterator[ChainSnapshot]:
    return (chain(AT + timedelta(seconds=n)) for n in range(count))


def lost() -> Iterator[ChainSnapshot]:
    yield chain()
    raise ConnectionError("gone")


def started(feed: ScriptedFeed) -> Mailbox:
    mailbox = Mailbox(feed, lambda attempt: 0.0)
    mailbox.start()
    return mailbox


def all_of(mailbox: Mailbox) -> list[ChainSnapshot]:
    found = []
    while not mailbox.is_finished:
        if (batch := mailbox.take(1.0)) is not None:
            found.append(batch)
    return found


def test_a_recording_arrives_whole_and_in_order_however_slow_the_taker() -> None:
    mailbox = started(ScriptedFeed(lambda: states(100), live=False))
    assert all_of(mailbox) == list(states(100))


def test_of_a_live_feed_only_the_newest_state_of_each_chain_waits() -> None:
    done = threading.Event()

    def script() -> Iterator[ChainSnapshot]:
        yield from states(50)
        yield chain(exchange="BSE")
        done.set()

    mailbox = started(ScriptedFeed(script, live=True))
    assert done.wait(5)
    assert all_of(mailbox) == [chain(AT + timedelta(seconds=49)), chain(exchange="BSE")]


def test_a_lost_connection_is_made_again() -> None:
    feed = ScriptedFeed(lost, lost, lambda: states(1), live=False)
    mailbox = started(feed)
    assert len(all_of(mailbox)) == 3
    assert mailbox.lost_connections == 2


def test_any_other_failure_reaches_the_taker_after_what_came_before() -> None:
    def script() -> Iterator[ChainSnapshot]:
        yield chain()
        raise ValueError("broken")

    mailbox = started(ScriptedFeed(script, live=False))
    assert mailbox.take(5.0) == chain()
    with pytest.raises(ValueError, match="broken"):
        mailbox.take(5.0)


def test_stopping_frees_a_feed_that_is_held_back() -> None:
    before = set(threading.enumerate())
    mailbox = started(ScriptedFeed(lambda: states(10_000), live=False))
    mailbox.stop(timeout_s=60)
    assert set(threading.enumerate()) <= before
