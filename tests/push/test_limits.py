"""What one viewer may do to the server: little, and to nobody else."""

import json
import zlib

import pytest
from wsproto.events import BytesMessage, Ping, Pong, TextMessage
from wsproto.frame_protocol import Opcode
from wsproto.utilities import LocalProtocolError

from app.push.allowance import Allowance
from app.push.deflate import MOST_INBOUND_BYTES
from app.push.hub import Hub
from tests.push.conftest import Watch, wait_until
from tests.support.chain_states import state
from tests.support.websockets import WebSocketClient


def masked(opcode: Opcode, payload: bytes, *, deflated: bool = False) -> bytes:
    """A final frame as a browser sends it, its mask being zero."""
    first = 0x80 | (0x40 if deflated else 0) | opcode
    assert len(payload) < 1 << 16
    length = bytes((0x80 | len(payload),)) if len(payload) < 126 else b""
    longer = length or bytes((0x80 | 126,)) + len(payload).to_bytes(2, "big")
    return bytes((first,)) + longer + b"\0\0\0\0" + payload


def follow_messages(count: int) -> bytes:
    return masked(Opcode.TEXT, b'{"follow":{"NSE":null}}') * count


def send_for_ever(viewer: WebSocketClient, data: bytes) -> None:
    while True:
        viewer.sock.sendall(data)


def test_a_deflate_bomb_ends_the_link_with_1009(watch: Watch) -> None:
    viewer = watch(deflate=True)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    viewer.sock.sendall(masked(Opcode.TEXT, bomb[:-4], deflated=True))
    assert viewer.close_code() == 1009


def test_a_long_message_ends_the_link_with_1009(watch: Watch) -> None:
    viewer = watch()
    half = "x" * (MOST_INBOUND_BYTES // 2 + 1)
    viewer.send(TextMessage(half, message_finished=False))
    viewer.send(TextMessage(half))
    assert "few hundred bytes" in viewer.message("end")["reason"]
    assert viewer.close_code() == 1009


@pytest.mark.parametrize(
    "text",
    [
        "",
        "follow",
        "[]",
        "{}",
        '{"follow": null}',
        '{"follow": ["NSE"]}',
        '{"follow": {"NSE": "1"}}',
        '{"follow": {"NSE": true}}',
        '{"follow": {"NSE": 1.5}}',
        '{"follow": {"NYSE": null}}',
        json.dumps({"follow": {f"X{n}": None for n in range(17)}}),
    ],
)
def test_a_message_that_makes_no_sense_is_told_so(watch: Watch, text: str) -> None:
    viewer = watch()
    viewer.send(TextMessage(text))
    assert viewer.message("end")["reason"].endswith(".")
    assert viewer.close_code() == 1008


def test_messages_are_text(watch: Watch) -> None:
    viewer = watch()
    viewer.send(BytesMessage(b"\0"))
    assert viewer.close_code() == 1003


def test_a_flood_of_messages_ends_the_link(watch: Watch) -> None:
    viewer = watch()
    viewer.sock.sendall(follow_messages(60))
    assert "Too many messages" in viewer.message("end")["reason"]
    assert viewer.close_code() == 1008


def test_a_flood_of_pings_costs_no_memory_and_ends_the_link(hub: Hub, watch: Watch) -> None:
    viewer, calm = watch(room=4096), watch()
    with pytest.raises(ConnectionError):
        send_for_ever(viewer, masked(Opcode.PING, b"p" * 100) * 30)
    wait_until(lambda: hub.count() == 1)
    hub.publish(state(1, {100.0: 10}))
    assert calm.data()["sequence"] == 1


def test_of_many_pings_the_newest_is_answered(watch: Watch) -> None:
    viewer = watch()
    viewer.sock.sendall(b"".join(masked(Opcode.PING, b"%d" % n) for n in range(10)))
    payload = b""
    while payload != b"9":
        answer = viewer.event()
        assert isinstance(answer, Pong)
        payload = bytes(answer.payload)


def test_empty_frames_without_end_are_too_many_too(watch: Watch) -> None:
    viewer = watch()
    viewer.sock.sendall(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 600)
    assert viewer.close_code() == 1008


def test_after_a_farewell_nothing_more_is_heard(watch: Watch) -> None:
    viewer = watch()
    viewer.send(TextMessage("nonsense"))
    viewer.sock.sendall(follow_messages(1) + masked(Opcode.PING, b"?"))
    assert viewer.close_code() == 1008
    with pytest.raises(LocalProtocolError):
        viewer.send(Ping())


def test_an_allowance_fills_again() -> None:
    now = [0.0]
    allowance = Allowance(2, 0.5, lambda: now[0])
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    now[0] = 2.0
    assert [allowance.take() for _ in range(2)] == [True, False]
    now[0] = 1000.0
    assert [allowance.take() for _ in range(3)] == [True, True, False]
