"""What the feed is at is told to who watches, and never at the cost of data."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine, text

from app.collector import Collector
from app.collector.gap_fetch import Progress
from app.collector.telling import Telling
from app.feeds.base import FeedState
from app.feeds.replay import ReplayFeed
from db.ingest.leases import set_feed_state
from db.market.limits import FEED_SILENT_S, FEED_STATE_EVERY_S
from tests.collector.chains import AT, chain
from tests.collector.feeds import SteeredFeed
from tests.collector.running import Running, shown
from tests.support.leases import led
from tests.support.waiting import eventually

LIVE, LOGIN = FeedState("live"), FeedState("login needed", "Log in there again.")


@pytest.fixture
def steered(engine: Engine, tmp_path: Path) -> Iterator[tuple[SteeredFeed, Running]]:
    feed = SteeredFeed()
    feed.state = {"NSE": LIVE, "BSE": LIVE}
    running = Running(engine, feed, tmp_path)
    yield feed, running
    running.stop()


def told(engine: Engine) -> dict[str, FeedState]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT exchange, state, sentence FROM feed_states"))
        return {exchange: FeedState(*state) for exchange, *state in rows}


def test_each_change_is_told_with_its_sentence(
    database: URL, engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    running.until(lambda: told(engine) == {"NSE": LIVE, "BSE": LIVE})
    plain = database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as listening:
        listening.execute("LISTEN oi_live")
        feed.state = {"NSE": LOGIN, "BSE": LIVE}
        running.until(lambda: told(engine) == {"NSE": LOGIN, "BSE": LIVE})
        payloads = {each.payload for each in listening.notifies(timeout=60, stop_after=2)}
    assert payloads == {"NSE:feed", "BSE:feed"}


def test_a_feed_that_is_noticed_to_be_silent_is_told_so(
    engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    feed.hand(chain())
    running.until(lambda: shown(engine) is not None)
    running.seconds += FEED_SILENT_S + 1
    running.until(lambda: {each.word for each in told(engine).values()} == {"silent"})
    feed.state = {"NSE": LOGIN}
    running.until(lambda: told(engine)["NSE"] == LOGIN)


def test_what_else_is_done_is_told_unless_the_feed_has_a_sentence_of_its_own(
    engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    feed.state = {"NSE": LOGIN, "BSE": LIVE}
    filling = Progress(645, 1068, "NSE").sentence
    assert filling == "Filling history: 640 of 1,068 instruments."
    running.collector.say(filling)
    running.until(lambda: told(engine) == {"NSE": LOGIN, "BSE": FeedState("live", filling)})
    running.collector.say(Progress(1068, 1068, "").sentence)
    running.until(lambda: told(engine) == {"NSE": LOGIN, "BSE": LIVE})


def test_data_do_not_wait_for_what_is_told_of_them(
    engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    running.until(lambda: told(engine))
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE feed_states IN ACCESS EXCLUSIVE MODE"))
        feed.state = {"NSE": LOGIN}
        feed.hand(chain())
        running.until(lambda: running.counts.snapshots == 1)
    running.until(lambda: told(engine)["NSE"] == LOGIN)
    assert running.counts.lost_connections == 0


def test_who_stands_by_is_silent(engine: Engine, steered: tuple[SteeredFeed, Running]) -> None:
    feed, running = steered
    running.until(lambda: told(engine))
    with led(engine, "NSE", "another"):
        with engine.begin() as connection:
            set_feed_state(connection, "NSE", "mute", None, holder="another")
        feed.state = {"NSE": LOGIN, "BSE": LOGIN}
        running.until(lambda: told(engine) == {"NSE": FeedState("mute"), "BSE": LOGIN})


def test_a_recording_says_that_it_is_played(engine: Engine) -> None:
    def played(_: object) -> Iterator[object]:
        yield chain()
        eventually(lambda: told(engine) == {"NSE": FeedState("replaying")})
        yield chain(AT.replace(minute=1))

    assert Collector(engine, ReplayFeed(played)).run().snapshots == 2  # type: ignore[arg-type]


def test_it_is_told_on_change_and_every_second_or_so() -> None:
    seconds, states = [0.0], {"NSE": LIVE}
    telling = Telling(lambda: states, "one", clock=lambda: seconds[0])

    def after(passed_s: float, *, has_told: bool = True) -> bool:
        seconds[0] += passed_s
        due = telling.due()
        if due:
            telling.tried(due, has_told=has_told)
        return bool(due)

    assert after(0)
    assert not after(0.6)
    states["NSE"] = LOGIN
    assert after(0.6)
    assert not after(0.6)
    assert after(FEED_STATE_EVERY_S)
    states["NSE"] = LIVE
    assert after(0.6, has_told=False)
    assert after(0.6)
