"""News that are no chain reach the pages that they are for, and nobody waits for them."""

import threading
import time

import pytest

from app.push.hub import Hub
from app.push.notices import Notice
from db.engine import engine_for
from db.notices import announce
from tests.push.conftest import Watch
from tests.web import USERNAME
from tests.web.conftest import Store
from tests.web.serving import WebServer, following


def test_a_notice_goes_to_the_pages_of_its_user(hub: Hub, watch: Watch) -> None:
    mine, other = watch(user="me"), watch(user="other")
    hub.notify(Notice("alerts", "me", {"exchange": "NSE", "id": 7}))
    hub.notify(Notice("bootstrap", None, {"done": 3}))
    assert mine.message("notice") == {
        "kind": "notice",
        "topic": "alerts",
        "exchange": "NSE",
        "id": 7,
    }
    for viewer in (mine, other):
        assert viewer.message("notice") == {"kind": "notice", "topic": "bootstrap", "done": 3}


def test_of_one_topic_and_exchange_a_slow_viewer_gets_the_newest(hub: Hub, watch: Watch) -> None:
    slow = watch(user="me", room=4096)
    filler = "x" * 60_000
    hub.notify(Notice("filler", "me", {"text": filler}))
    # the filler is on its way for as long as the other end does not read
    while not any(viewer.unsent for viewer in tuple(hub._admitted)):
        time.sleep(0.005)
    for number in range(100):
        for exchange in ("NSE", "BSE"):
            hub.notify(Notice("alerts", "me", {"exchange": exchange, "id": number}))
    hub.notify(Notice("last", "me", {}))
    # the other end reads once the hub has taken all of them
    taken = threading.Event()
    hub._loop.run(taken.set)
    assert taken.wait(60)
    told = []
    while not told or told[-1]["topic"] != "last":
        told.append(slow.message("notice"))
    assert [(each["topic"], each.get("exchange"), each.get("id")) for each in told[1:]] == [
        ("alerts", "NSE", 99),
        ("alerts", "BSE", 99),
        ("last", None, None),
    ]


@pytest.mark.parametrize(
    "payload", ["", "NSE", "[]", '{"topic": "a"}', '{"topic":1,"user":2,"news":3}']
)
def test_what_is_no_notice_is_left_out(payload: str, caplog: pytest.LogCaptureFixture) -> None:
    assert Notice.heard(payload) is None
    assert "is no notice" in caplog.text


def test_what_is_announced_in_the_database_reaches_the_page(web: WebServer, store: Store) -> None:
    store()
    engine = engine_for(web.database)
    try:
        with following(web, "NSE", cookie=web.sign_in()) as viewer:
            viewer.message("full")
            with engine.begin() as connection:
                announce(connection, "paper", "somebody else", id=1)
                announce(connection, "paper", USERNAME, exchange="NSE", id=2)
            assert viewer.message("notice") == {
                "kind": "notice",
                "topic": "paper",
                "exchange": "NSE",
                "id": 2,
            }
    finally:
        engine.dispose()
