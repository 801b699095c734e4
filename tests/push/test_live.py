"""From announcements to viewers: what is watched is read, a dead link is noticed, sessions end."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from app.chains.feeds import Feeds
from app.chains.states import ChainStates
from app.chains.wire import clock_message
from app.push import follower as follower_module
from app.push import lacking as lacking_module
from app.push import reader as reader_module
from app.push import sessions as sessions_module
from app.push.hub import Hub
from app.push.lacking import LackWatch
from app.push.live import Live
from app.push.reader import Reader
from app.push.sessions import SessionWatch
from app.web.database import Database
from benchmarks.chaos.wire import Wire
from db.engine import engine_for
from db.errors import DatabaseUnavailableError
from db.ingest.leases import set_feed_state
from db.settings import Settings
from tests.push.conftest import Watch, wait_until
from tests.support.chain_states import state
from tests.web.conftest import Store

NO_FEEDS = Feeds(Database(Settings(), explicit=True))


@pytest.fixture
def wire(database: URL) -> Iterator[Wire]:
    made = Wire(database.host or "127.0.0.1", database.port or 5432)
    yield made
    made.close()


@pytest.fixture
def live(database: URL, wire: Wire) -> Iterator[Live]:
    """The push of a process that reads directly and hears announcements through a wire."""
    source = Database(Settings(database_url=database), explicit=True)
    overheard = database.set(host="127.0.0.1", port=wire.port)
    made = Live(
        lambda: overheard, ChainStates(source), Feeds(source), lambda sid: True, lambda: "built"
    )
    yield made
    wire.close()
    made.close()
    source.close()


def test_a_link_that_swallows_everything_is_noticed_and_replaced(
    live: Live, wire: Wire, watch: Watch, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "SILENCE_S", 0.2)
    monkeypatch.setattr(follower_module, "ANSWER_S", 1.0)
    store()
    live.start()
    viewer = watch(into=live.hub)
    known = viewer.data()["sequence"]
    wire.stall()
    while not (problem := viewer.message("clock")["problem"]):
        pass
    assert "does not answer" in problem
    store(minute=1)
    wire.mend()
    assert viewer.data()["base"] == known
    assert viewer.message("clock")["problem"] is None


def test_the_first_viewer_of_an_exchange_is_sent_what_is_newest_now(
    live: Live, watch: Watch, store: Store
) -> None:
    store()
    live.start()
    first = watch(into=live.hub)
    old = first.data()["sequence"]
    first.close()
    wait_until(lambda: live.hub.count() == 0)
    # no read is under way that began before the next chain
    wait_until(lambda: live._states.fresh("NSE") is not None)
    newest = store(minute=5)
    # what was announced is heard a moment later
    wait_until(lambda: live._states.fresh("NSE") is None)
    later = watch(into=live.hub)
    message = later.data()
    assert message["sequence"] > old
    assert message["summary"]["last_update"] == newest.timestamp.isoformat()


class Flaky:
    """States of which one exchange cannot be read for a while."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.reads: list[str] = []

    def current(self, exchange: str) -> object:
        self.reads.append(exchange)
        if exchange == "NSE" and self.failures:
            self.failures -= 1
            raise DatabaseUnavailableError("No connection became free.")
        return state(len(self.reads), {100.0: 10}, exchange)


def test_what_could_not_be_read_is_tried_again_while_somebody_watches(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_FIRST_PAUSE_S", 0.01)
    states = Flaky(failures=2)
    hub = Hub(lambda exchanges: reader.want(exchanges))
    reader = Reader(states, NO_FEEDS, hub)  # type: ignore[arg-type]
    try:
        viewer, other = watch("NSE", into=hub), watch("BSE", into=hub)
        assert viewer.message("clock")["problem"] == "No connection became free."
        assert viewer.data()["exchange"] == "NSE"
        assert viewer.message("clock")["problem"] is None
        assert other.data()["exchange"] == "BSE"
        assert other.message("clock")["problem"] is None
        assert states.reads.count("NSE") == 3
    finally:
        reader.close(60)
        hub.close()


def test_a_chain_waits_for_its_own_rest_and_for_no_others(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_BREATH_S", 3_600.0)
    states = Flaky(failures=0)
    reader = Reader(states, NO_FEEDS, hub)  # type: ignore[arg-type]
    try:
        for exchange in ("NSE", "NSE", "BSE"):
            reader.want([exchange])
            wait_until(lambda exchange=exchange: exchange in states.reads)
        assert states.reads == ["NSE", "BSE"]
        assert set(reader._due_at) == {"NSE"}
    finally:
        reader.close(60)


def test_a_storm_of_wishes_is_one_read(hub: Hub) -> None:
    goes_on = threading.Event()

    class Slow(Flaky):
        def current(self, exchange: str) -> object:
            goes_on.wait()
            return super().current(exchange)

    states = Slow(failures=0)
    reader = Reader(states, NO_FEEDS, hub)  # type: ignore[arg-type]
    for _ in range(500):
        reader.want(["NSE"])
    goes_on.set()
    wait_until(lambda: not reader._due_at and len(states.reads) >= 1)
    reader.close(60)
    # the one under way, and one for all that was wished for meanwhile
    assert len(states.reads) <= 2


def test_the_links_of_a_session_end_with_it(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions_module, "EVERY_S", 0.01)
    over: set[str] = set()
    asked: list[str] = []

    def is_open(sid: str) -> bool:
        asked.append(sid)
        if len(asked) == 1:
            raise OSError("the folder is away")
        return sid not in over

    watching = SessionWatch(hub, is_open)
    viewer, stays = watch(session="one"), watch(session="two")
    watching.start()
    try:
        wait_until(lambda: {"one", "two"} <= set(asked[1:]))
        assert hub.count() == 2
        over.add("one")
        assert viewer.close_code() == 4401
        hub.publish(state(1, {100.0: 10}))
        assert stays.data()["sequence"] == 1
    finally:
        watching.close()


def told(database: URL, exchange: str, state: str, sentence: str | None = None) -> None:
    engine = engine_for(database)
    with engine.begin() as connection:
        set_feed_state(connection, exchange, state, sentence)
    engine.dispose()


def test_what_a_feed_is_at_reaches_who_follows_it(
    database: URL, live: Live, watch: Watch, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nobody goes on to tell it here, and the machine may be busy
    monkeypatch.setattr("app.chains.feeds.FEED_STATE_LOST_AFTER_S", 60.0)
    told(database, "NSE", "login needed", "Log in there.")
    store()
    live.start()
    viewer, other = watch("NSE", into=live.hub), watch("BSE", into=live.hub)
    needed = {"NSE": {"state": "login needed", "sentence": "Log in there."}}
    while viewer.message("clock")["feeds"] != needed:
        pass
    told(database, "NSE", "live")
    while viewer.message("clock")["feeds"] != {"NSE": {"state": "live", "sentence": None}}:
        pass
    assert other.message("clock")["feeds"] == {}


def test_the_word_of_a_feed_makes_no_chain_be_read_again(
    database: URL, live: Live, watch: Watch, store: Store
) -> None:
    store()
    live.start()
    viewer = watch("NSE", into=live.hub)
    viewer.data()
    wait_until(lambda: live._states.fresh("NSE") is not None)
    known = live._states.fresh("NSE")
    told(database, "NSE", "mute")
    while not viewer.message("clock")["feeds"]:
        pass
    assert live._states.fresh("NSE") is known


def test_what_the_server_does_without_is_told_everybody_until_it_is_over(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lacking_module, "EVERY_S", 0.02)
    lack: list[str | None] = [None]
    looking = LackWatch(lambda: lack[0], lambda: hub.remind_all())
    hub = Hub(clock=lambda ages, problem: clock_message(ages, problem, lacking=looking.sentence))
    hub.publish(state(1, {100.0: 10}))
    viewer, other = watch(into=hub), watch(into=hub)
    looking.start()
    try:
        for told in ("Redis does not answer.", None):
            lack[0] = told
            for each in (viewer, other):
                while each.message("clock")["lacking"] != told:
                    pass
    finally:
        looking.close()
        hub.close()
