"""The hub: the newest state for all, deltas for who keeps up, no queue for who does not."""

import itertools
import json
import logging
import threading
import time
from typing import Any

import pytest
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Ping, Pong

from app.chains.columns import BEFORE_BOOK, FIELDS
from app.chains.state import Chain, ChainState
from app.chains.wire import delta_message
from app.push import hub as hub_module
from app.push import loop
from app.push.hub import Hub, HubFullError
from tests.push.conftest import Watch, ends, wait_until
from tests.support.chain_states import head, option, state
from tests.support.websockets import PATIENCE_S

WIDE = {100.0 + n: n for n in range(400)}


def quoted(sequence: int, bid: float, ltp: float = 100.0) -> ChainState:
    """A chain of one call with a bid."""
    row = option(100.0, "CE", 10, best_bid=bid, ltp=ltp)
    return ChainState(Chain("NSE", head(sequence), (row,)), time.monotonic(), 0.0)


def test_who_does_not_show_the_book_is_sent_none_of_it(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.publish(quoted(1, 99.0))
    whole = viewer.data()
    assert whole["fields"] == list(FIELDS[:BEFORE_BOOK])
    assert "best_bid" not in whole["fields"]
    assert [len(leg) for leg in whole["legs"]] == [BEFORE_BOOK]
    hub.publish(quoted(2, 99.5))
    assert viewer.data()["cells"] == []
    hub.publish(quoted(3, 99.7, ltp=101.0))
    assert viewer.data()["cells"] == [[100.0, "CE", FIELDS.index("ltp"), 101.0]]


def test_who_shows_the_book_is_sent_it_beside_one_who_does_not(hub: Hub, watch: Watch) -> None:
    shows, other = watch(), watch()
    hub.publish(quoted(1, 99.0))
    assert shows.data()["fields"] == other.data()["fields"]
    # what is there lacks it, so that it is asked for whole
    shows.say({"follow": {"NSE": None}, "book": True})
    whole = _publish_until_heard(hub, shows, quoted(1, 99.0))
    assert (whole["kind"], whole["fields"]) == ("full", list(FIELDS))
    hub.publish(quoted(2, 99.5))
    bid = FIELDS.index("best_bid")
    assert shows.data()["cells"] == [[100.0, "CE", bid, 99.5]]
    assert other.data()["cells"] == []


def test_a_new_viewer_gets_the_whole_chain(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.publish(state(1, {100.0: 10, 150.0: 20}))
    message = viewer.data()
    assert (message["kind"], message["sequence"]) == ("full", 1)
    assert len(message["legs"]) == 4


def test_who_keeps_up_gets_only_what_changed(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.publish(state(1, {100.0: 10, 150.0: 20, 200.0: 30}))
    viewer.data()
    hub.publish(state(2, {100.0: 11, 150.0: 20}))
    message = viewer.data()
    assert (message["kind"], message["base"], message["sequence"]) == ("delta", 1, 2)
    oi = FIELDS.index("oi")
    assert message["cells"] == [[100.0, "CE", oi, 11], [100.0, "PE", oi, 11]]
    assert message["legs"] == []
    assert message["gone"] == [[200.0, "CE"], [200.0, "PE"]]
    assert message["summary"]["underlying_price"] == 102.0
    assert "pcr" not in message["summary"]


def test_every_message_of_data_is_followed_by_a_clock_with_its_age(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    for sequence, age_s in ((1, 30.0), (2, 0.5)):
        hub.publish(state(sequence, {100.0: sequence}, age_s=age_s))
        data, clock = viewer.message(), viewer.message()
        assert (data["sequence"], clock["kind"]) == (sequence, "clock")
        assert clock["ages"]["NSE"] >= age_s * 1000
        assert set(clock["phase"]) == {"options", "index"}
        assert clock["problem"] is None
        assert "server_ms" not in data


def test_a_late_viewer_of_an_old_state_is_told_its_true_age(hub: Hub, watch: Watch) -> None:
    old = state(1, {100.0: 10}, age_s=50.0)
    hub.publish(old)
    early = watch()
    hub.publish(old)
    early.data()
    late = watch()
    hub.publish(old)
    assert late.data()["kind"] == "full"
    assert late.message("clock")["ages"]["NSE"] >= 50_000


def test_nobody_hears_of_other_exchanges(hub: Hub, watch: Watch) -> None:
    viewer = watch("BSE")
    hub.publish(state(1, {100.0: 10}, "NSE"))
    hub.publish(state(7, {100.0: 10}, "BSE"))
    assert viewer.data()["exchange"] == "BSE"
    assert hub.watched() == {"BSE"}


def test_one_link_follows_several_exchanges(hub: Hub, watch: Watch) -> None:
    viewer = watch("NSE", "BSE")
    hub.publish(state(1, {100.0: 10}, "NSE"))
    hub.publish(state(2, {100.0: 10}, "BSE"))
    assert [viewer.data()["exchange"] for _ in range(2)] == ["NSE", "BSE"]
    hub.publish(state(3, {100.0: 11}, "NSE"))
    assert viewer.data()["base"] == 1
    assert set(viewer.message("clock")["ages"]) == {"NSE", "BSE"}


def test_what_is_followed_can_be_replaced(hub: Hub, watch: Watch) -> None:
    viewer = watch("NSE")
    viewer.say({"follow": {"BSE": None}})
    wait_until(lambda: hub.watched() == {"BSE"})
    hub.publish(state(1, {100.0: 10}, "NSE"))
    hub.publish(state(2, {100.0: 10}, "BSE"))
    assert viewer.data()["exchange"] == "BSE"


@pytest.mark.parametrize(
    ("shown", "kind", "base"), [(2, "clock", None), (1, "delta", 1), (0, "full", None)]
)
def test_a_page_that_comes_back_gets_what_it_lacks(
    hub: Hub, watch: Watch, shown: int, kind: str, base: int | None
) -> None:
    other = watch()
    for sequence in (1, 2):
        hub.publish(state(sequence, {100.0: sequence}))
        assert other.data()["sequence"] == sequence
    viewer = watch(follow={"NSE": shown})
    hub.publish(state(2, {100.0: 2}))
    message = viewer.message()
    assert (message["kind"], message.get("base")) == (kind, base)


def test_a_page_that_has_lost_the_thread_gets_the_whole_again(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.publish(state(1, {100.0: 10}))
    viewer.data()
    viewer.say({"follow": {"NSE": None}})
    # until it is read anew for the sake of that wish, nothing is sent
    published = _publish_until_heard(hub, viewer, state(1, {100.0: 10}))
    assert (published["kind"], published["sequence"]) == ("full", 1)


def _publish_until_heard(hub: Hub, viewer: Any, newest: Any) -> Any:
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(0.01):
            hub.publish(newest)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        return viewer.data()
    finally:
        stop.set()
        thread.join()


def test_what_is_first_followed_is_asked_for_and_not_sent_before_it_was_read(watch: Watch) -> None:
    asked: list[tuple[str, ...]] = []
    own = Hub(lambda exchanges: asked.append(tuple(exchanges)))
    try:
        own.publish(state(1, {100.0: 10}))
        viewer = watch(into=own)
        wait_until(lambda: asked == [("NSE",)])
        own.publish(state(2, {100.0: 11}))
        assert viewer.data()["sequence"] == 2
    finally:
        own.close()


def test_a_slow_viewer_skips_states_and_ends_with_the_newest(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "BLOCKED_S", 10 * PATIENCE_S)
    last = 40
    states = [state(sequence, {**WIDE, 100.0: sequence}) for sequence in range(1, last + 1)]
    viewer = watch(room=4096)
    for newer in states:
        hub.publish(newer)
    seen = [viewer.data()]
    while seen[-1]["sequence"] != last:
        seen.append(viewer.data())
    assert len(seen) < last
    # what was skipped cannot be patched, so the next message was whole again
    for earlier, later in itertools.pairwise(seen):
        assert later["kind"] == "full" or later["base"] == earlier["sequence"]


def test_a_viewer_who_takes_nothing_is_dropped(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "BLOCKED_S", 0.2)
    watch(room=4096)
    hub.publish(state(1, {100.0 + n: n for n in range(5_000)}))
    wait_until(lambda: hub.count() == 0)


def test_an_overtaken_state_is_not_sent(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    for sequence in (3, 2, 4):
        hub.publish(state(sequence, {100.0: sequence}))
    seen = [viewer.data()["sequence"]]
    while seen[-1] != 4:
        seen.append(viewer.data()["sequence"])
    assert 2 not in seen


def test_a_rebuilt_database_counts_from_one_again_and_is_followed(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.publish(state(500, {100.0: 10}))
    assert viewer.data()["sequence"] == 500
    hub.publish(state(3, {100.0: 11}, incarnation=1))
    assert viewer.data()["sequence"] == 3


def test_the_same_state_is_sent_once(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.publish(state(1, {100.0: 10}))
    assert viewer.data()["sequence"] == 1
    for sequence in (1, 1, 2):
        hub.publish(state(sequence, {100.0: 10}))
    assert viewer.data()["sequence"] == 2


def test_trouble_is_told_to_who_follows_it_until_the_next_state(hub: Hub, watch: Watch) -> None:
    concerned, other = watch("NSE"), watch("BSE")
    hub.announce("The chain of NSE cannot be shown.", "NSE")
    assert concerned.message("clock")["problem"] == "The chain of NSE cannot be shown."
    hub.publish(state(1, {100.0: 10}, "BSE"))
    other.data()
    assert other.message("clock")["problem"] is None
    hub.publish(state(2, {100.0: 10}, "NSE"))
    concerned.data()
    assert concerned.message("clock")["problem"] is None


def test_a_quiet_link_carries_the_time(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "CLOCK_S", 0.05)
    viewer = watch()
    clocks = [viewer.message("clock") for _ in range(3)]
    assert clocks[-1]["ages"] == {"NSE": None}


def test_a_ping_is_answered(watch: Watch) -> None:
    viewer = watch()
    viewer.send(Ping(b"still there?"))
    answer = viewer.event()
    assert isinstance(answer, Pong)
    assert bytes(answer.payload) == b"still there?"


def test_a_close_is_answered_and_forgotten(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    viewer.send(CloseConnection(1000))
    assert isinstance(viewer.event(), CloseConnection)
    assert viewer.protocol.state is ConnectionState.CLOSED
    viewer.close()
    wait_until(lambda: hub.count() == 0)


@pytest.mark.parametrize("noise", [b"\xff" * 64, b"GET / HTTP/1.1\r\n\r\n"], ids=["bytes", "http"])
def test_noise_ends_only_the_link_it_came_from(hub: Hub, watch: Watch, noise: bytes) -> None:
    noisy, calm = watch(), watch()
    noisy.sock.sendall(noise)
    assert noisy.ended()
    noisy.close()
    wait_until(lambda: hub.count() == 1)
    hub.publish(state(1, {100.0: 10}))
    assert calm.data()["sequence"] == 1


def test_closing_lets_everybody_go(hub: Hub, watch: Watch) -> None:
    viewer = watch()
    hub.close()
    assert viewer.close_code() == 1013
    assert viewer.ended()


def test_a_session_that_is_over_ends_its_links_and_no_other(hub: Hub, watch: Watch) -> None:
    gone, stays = watch(session="one"), watch(session="two")
    assert hub.sessions() == {"one", "two"}
    hub.dismiss("one")
    assert "session has ended" in gone.message("end")["reason"]
    assert gone.close_code() == 4401
    gone.close()
    wait_until(lambda: hub.sessions() == {"two"})
    hub.publish(state(1, {100.0: 10}))
    assert stays.data()["sequence"] == 1


def test_a_link_that_has_lasted_is_asked_to_come_back(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "LIFETIME_S", 0.0)
    viewer = watch()
    assert viewer.message("end")["kind"] == "end"
    assert viewer.close_code() == 4408


def test_what_fails_for_one_viewer_ends_that_viewer_alone(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cursed, healthy = watch(session="cursed"), watch()
    original = hub_module.Hub._next

    def failing(self: Hub, viewer: Any) -> bytes | None:
        if viewer.session == "cursed":
            raise ZeroDivisionError
        return original(self, viewer)

    monkeypatch.setattr(hub_module.Hub, "_next", failing)
    with caplog.at_level(logging.CRITICAL):
        hub.publish(state(1, {100.0: 10}))
        assert healthy.data()["sequence"] == 1
        assert cursed.ended()
    assert hub.count() == 1


def test_the_thread_outlives_whatever_fails_in_it(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop, "TICK_S", 0.01)
    viewer = watch()
    left = [3]

    def failing(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise ZeroDivisionError

    monkeypatch.setattr(hub, "_take_up", failing)
    for _ in range(3):
        hub.publish(state(1, {100.0: 10}))
        wait_until(lambda: not hub._loop._tasks)
    wait_until(lambda: left == [0])
    monkeypatch.undo()
    hub.publish(state(2, {100.0: 10}))
    assert viewer.data()["sequence"] == 2
    assert "goes on" in caplog.text


def test_a_hub_can_be_closed_at_any_moment(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(200):
        made = Hub()
        client, theirs, link = ends()
        made.join(theirs, link, {"NSE": None})
        threads = [
            threading.Thread(target=made.publish, args=(state(1, {100.0: 10}),)),
            threading.Thread(target=made.announce, args=("away", "NSE")),
            threading.Thread(target=made.close),
            threading.Thread(target=made.close),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert theirs.fileno() == -1
        client.close()
    assert caplog.text == ""


def test_a_closed_hub_takes_nobody(hub: Hub) -> None:
    hub.close()
    client, theirs, link = ends()
    with pytest.raises(HubFullError):
        hub.join(theirs, link, {})
    theirs.close()
    client.close()


def test_there_is_room_for_so_many_and_so_many_of_a_session(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MAX_OF_A_SESSION", 2)
    monkeypatch.setattr(hub_module, "MAX_VIEWERS", 3)
    watch(session="one"), watch(session="one")
    with pytest.raises(HubFullError, match="of one session"):
        watch(session="one")
    last = watch(session="two")
    with pytest.raises(HubFullError, match="Too many viewers"):
        watch(session="three")
    last.close()
    wait_until(lambda: hub.count() == 2)
    watch(session="three")


def test_deltas_add_up_to_the_whole_state() -> None:
    steps = [
        state(1, {100.0: 10, 150.0: 20}),
        state(2, {100.0: 11, 150.0: 20, 200.0: 5}),
        state(3, {150.0: 21, 200.0: 5}),
    ]
    legs = {key: list(leg) for key, leg in steps[0].chain.legs.items()}
    for old, new in itertools.pairwise(steps):
        message = json.loads(json.dumps(delta_message(old.chain, new)))
        for strike, side in message["gone"]:
            del legs[strike, side]
        for leg in message["legs"]:
            legs[leg[0], leg[1]] = leg
        for strike, side, *pairs in message["cells"]:
            for position, value in zip(pairs[::2], pairs[1::2], strict=True):
                legs[strike, side][position] = value
        assert {key: tuple(leg) for key, leg in legs.items()} == new.chain.legs


def test_one_turn_encodes_one_clock_for_all_who_follow_the_same(
    hub: Hub, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewers = [watch() for _ in range(5)]
    wait_until(lambda: len(hub._admitted) == 5)
    made: list[float] = []
    original = hub_module.clock_message
    monkeypatch.setattr(
        hub_module, "clock_message", lambda *a: made.append(time.monotonic()) or original(*a)
    )
    hub.publish(state(1, {100.0: 10}))
    for viewer in viewers:
        viewer.data()
        viewer.message("clock")
    assert len(made) == 1
