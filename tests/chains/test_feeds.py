"""A collector's word on its feed holds for seconds; without any collector there is none."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, text

from app.chains.feeds import LOST, Feeds
from db.engine import engine_for
from db.ingest.leases import set_feed_state
from db.market.limits import FEED_STATE_EVERY_S, FEED_STATE_LOST_AFTER_S


class Newest:
    """A source on an engine of a test."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def newest(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection


@pytest.fixture
def engine(database: object) -> Iterator[Engine]:
    found = engine_for(database)  # type: ignore[arg-type]
    yield found
    found.dispose()


def tell(engine: Engine, exchange: str, state: str, sentence: str | None = None) -> None:
    with engine.begin() as connection:
        set_feed_state(connection, exchange, state, sentence)


def test_a_word_that_is_not_said_again_counts_no_more(engine: Engine) -> None:
    seconds = [0.0]
    feeds = Feeds(Newest(engine), clock=lambda: seconds[0])
    assert feeds.read() == frozenset()
    assert feeds.words(["NSE"]) == {}
    tell(engine, "NSE", "mute", "No prices.")
    assert feeds.read() == {"NSE"}
    assert feeds.words(["NSE", "BSE"]) == {"NSE": {"state": "mute", "sentence": "No prices."}}
    seconds[0] = FEED_STATE_EVERY_S
    assert feeds.words(["NSE"])["NSE"]["state"] == "mute"
    seconds[0] = FEED_STATE_LOST_AFTER_S + 1
    assert feeds.words(["NSE"]) == {"NSE": LOST}


def test_a_word_is_as_old_as_the_database_says(engine: Engine) -> None:
    feeds = Feeds(Newest(engine))
    tell(engine, "NSE", "live")
    with engine.begin() as connection:
        connection.execute(text("UPDATE feed_states SET seen_at = seen_at - interval '1 minute'"))
    feeds.read()
    assert feeds.words(feeds.known()) == {"NSE": LOST}


def test_only_words_that_changed_are_named(engine: Engine) -> None:
    feeds = Feeds(Newest(engine))
    for exchange in ("NSE", "BSE"):
        tell(engine, exchange, "live")
    assert feeds.read() == {"NSE", "BSE"}
    tell(engine, "NSE", "live")
    assert feeds.read() == frozenset()
    tell(engine, "BSE", "silent", "Nothing new.")
    assert feeds.read() == {"BSE"}


def test_a_word_that_falls_silent_is_named_once(engine: Engine) -> None:
    seconds = [0.0]
    feeds = Feeds(Newest(engine), clock=lambda: seconds[0])
    tell(engine, "NSE", "live")
    assert feeds.read() == {"NSE"}
    assert feeds.turned() == frozenset()
    seconds[0] = FEED_STATE_LOST_AFTER_S + 1
    assert feeds.turned() == {"NSE"}
    assert feeds.turned() == frozenset()
    tell(engine, "NSE", "live")
    assert feeds.read() == {"NSE"}
