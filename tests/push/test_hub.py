"""The hub: the newest state for all, deltas for who keeps up, no queue for who does not."""

import itertools
import json
import socket
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Ping, Pong, TextMessage

from app.chains.wire import LEG_FIELDS, LiveView, delta_message
from app.push import hub
from app.push.frames import Accepted
from app.push.hub import Viewers
from tests.web.chains import state

PATIENCE_S = 60.0


class Watcher:
    """A browser's end of the socket."""

    opened: ClassVar[list[socket.socket]] = []

    def __init__(self, viewers: Viewers, exchange: str = "NSE", room: int | None = None) -> None:
        theirs, self.sock = socket.socketpair()
        if room is not None:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        self.opened.append(self.sock)
        self.sock.settimeout(PATIENCE_S)
        self.protocol = Connection(ConnectionType.CLIENT)
        self._text = ""
        self._messages: list[Any] = []
        self._others: list[Any] = []
        link = Accepted(b"HELLO", Connection(ConnectionType.SERVER), deflate=False)
        viewers.join(theirs, link, exchange)
        assert self.sock.recv(5) == b"HELLO"

    def message(self) -> Any:
        """The next message that is not a pulse."""
        while not self._messages:
            self._read()
        return self._messages.pop(0)

    def event(self) -> Any:
        while not self._others:
            self._read()
        return self._others.pop(0)

    def _read(self) -> None:
        data = self.sock.recv(65_536)
        if not data:
            raise ConnectionResetError("the hub closed this link")
        self.protocol.receive_data(data)
        for event in self.protocol.events():
            if not isinstance(event, TextMessage):
                self._others.append(event)
                continue
            self._text += event.data
            if event.message_finished:
                whole, self._text = json.loads(self._text), ""
                (self._others if whole["kind"] == "pulse" else self._messages).append(whole)


@pytest.fixture
def viewers() -> Iterator[Viewers]:
    made = Viewers()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _closed_sockets() -> Iterator[None]:
    yield
    while Watcher.opened:
        Watcher.opened.pop().close()


def wait_until(condition: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "the hub did not get there"
        time.sleep(0.01)


def test_a_new_viewer_gets_the_whole_chain(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    viewers.publish(state(1, {100.0: 10, 150.0: 20}))
    message = watcher.message()
    assert (message["kind"], message["sequence"]) == ("full", 1)
    assert len(message["legs"]) == 4


def test_who_keeps_up_gets_only_what_changed(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    viewers.publish(state(1, {100.0: 10, 150.0: 20, 200.0: 30}))
    watcher.message()
    viewers.publish(state(2, {100.0: 11, 150.0: 20}))
    message = watcher.message()
    assert (message["kind"], message["base"], message["sequence"]) == ("delta", 1, 2)
    oi = LEG_FIELDS.index("latest_oi")
    assert message["cells"] == [[100.0, "CE", oi, 11], [100.0, "PE", oi, 11]]
    assert message["legs"] == []
    assert message["gone"] == [[200.0, "CE"], [200.0, "PE"]]
    assert message["summary"]["underlying_price"] == 102.0
    assert "pcr" not in message["summary"]


def test_nobody_hears_of_other_exchanges(viewers: Viewers) -> None:
    watcher = Watcher(viewers, "BSE")
    viewers.publish(state(1, {100.0: 10}, "NSE"))
    viewers.publish(state(7, {100.0: 10}, "BSE"))
    assert watcher.message()["exchange"] == "BSE"
    assert viewers.watched() == {"BSE"}


def test_a_slow_viewer_skips_states_and_ends_with_the_newest(
    viewers: Viewers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BLOCKED_S", 10 * PATIENCE_S)
    wide = {100.0 + n: n for n in range(400)}
    last = 40
    states = [state(sequence, {**wide, 100.0: sequence}) for sequence in range(1, last + 1)]
    watcher = Watcher(viewers, room=4096)
    for newer in states:
        viewers.publish(newer)
    seen = [watcher.message()]
    while seen[-1]["sequence"] != last:
        seen.append(watcher.message())
    assert len(seen) < last
    # what was skipped cannot be patched, so the next message was whole again
    for earlier, later in itertools.pairwise(seen):
        assert later["kind"] == "full" or later["base"] == earlier["sequence"]


def test_a_viewer_who_takes_nothing_is_dropped(
    viewers: Viewers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BLOCKED_S", 0.2)
    Watcher(viewers, room=4096)
    viewers.publish(state(1, {100.0 + n: n for n in range(20_000)}))
    wait_until(lambda: viewers.count() == 0)


def test_an_overtaken_state_is_not_sent(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    for sequence in (3, 2, 4):
        viewers.publish(state(sequence, {100.0: sequence}))
    seen = [watcher.message()["sequence"]]
    while seen[-1] != 4:
        seen.append(watcher.message()["sequence"])
    assert 2 not in seen


def test_the_same_state_is_sent_once(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    viewers.publish(state(1, {100.0: 10}))
    assert watcher.message()["sequence"] == 1
    for sequence in (1, 1, 2):
        viewers.publish(state(sequence, {100.0: 10}))
    assert watcher.message()["sequence"] == 2


def test_a_lost_database_is_announced_and_its_return_too(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    viewers.announce("The database does not answer.")
    viewers.announce(None)
    assert [watcher.event()["problem"] for _ in range(2)] == ["The database does not answer.", None]


def test_a_quiet_link_carries_pulses(viewers: Viewers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PULSE_S", 0.05)
    assert Watcher(viewers).event()["kind"] == "pulse"


def test_a_ping_is_answered(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    watcher.sock.sendall(watcher.protocol.send(Ping(b"still there?")))
    answer = watcher.event()
    assert isinstance(answer, Pong)
    assert bytes(answer.payload) == b"still there?"


def test_a_close_is_answered_and_forgotten(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    watcher.sock.sendall(watcher.protocol.send(CloseConnection(1000)))
    assert isinstance(watcher.event(), CloseConnection)
    assert watcher.protocol.state is ConnectionState.CLOSED
    wait_until(lambda: viewers.count() == 0)


@pytest.mark.parametrize("noise", [b"\xff" * 64, b"GET / HTTP/1.1\r\n\r\n"], ids=["bytes", "http"])
def test_noise_ends_only_the_link_it_came_from(viewers: Viewers, noise: bytes) -> None:
    noisy, calm = Watcher(viewers), Watcher(viewers)
    noisy.sock.sendall(noise)
    wait_until(lambda: viewers.count() == 1)
    viewers.publish(state(1, {100.0: 10}))
    assert calm.message()["sequence"] == 1


def test_closing_lets_everybody_go(viewers: Viewers) -> None:
    watcher = Watcher(viewers)
    viewers.close()
    with pytest.raises(ConnectionResetError):
        watcher.message()


def test_deltas_add_up_to_the_whole_state() -> None:
    steps = [
        state(1, {100.0: 10, 150.0: 20}),
        state(2, {100.0: 11, 150.0: 20, 200.0: 5}),
        state(3, {150.0: 21, 200.0: 5}),
    ]
    views = [LiveView.of(step) for step in steps]
    legs = {key: list(leg) for key, leg in views[0].legs.items()}
    for old, new in itertools.pairwise(views):
        message = json.loads(delta_message(old, new))
        for strike, side in message["gone"]:
            del legs[strike, side]
        for leg in message["legs"]:
            legs[leg[0], leg[1]] = leg
        for strike, side, *pairs in message["cells"]:
            for position, value in zip(pairs[::2], pairs[1::2], strict=True):
                legs[strike, side][position] = value
        assert {key: tuple(leg) for key, leg in legs.items()} == new.legs
