"""Handshake and frames, checked with an independent implementation of the protocol."""

import random
import zlib

import pytest
from werkzeug.datastructures import Headers
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from app.push.deflate import MOST_INBOUND_BYTES
from app.push.frames import Accepted, Frame, HandshakeError, accept


def browser(extensions: list[PerMessageDeflate]) -> tuple[WSConnection, dict[str, str]]:
    """A client's state machine that has just sent its upgrade request, and that request."""
    client = WSConnection(ConnectionType.CLIENT)
    request = Request(host="host", target="/live", extensions=list(extensions))
    lines = client.send(request).decode().split("\r\n")[1:]
    return client, dict(line.split(": ", 1) for line in lines if line)


def offering(*offers: str) -> Accepted:
    """The handshake with a browser that offers these extensions."""
    _, headers = browser([])
    return accept(Headers([*headers.items(), *(("Sec-WebSocket-Extensions", o) for o in offers)]))


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("bits", [None, 9, 12, 15])
def test_a_client_reads_back_what_was_framed(length: int, bits: int | None) -> None:
    offer = [] if bits is None else [PerMessageDeflate(server_max_window_bits=bits)]
    client, headers = browser(offer)
    link = accept(Headers(headers))
    assert link.window_bits == bits
    client.receive_data(link.answer)
    assert any(isinstance(event, AcceptConnection) for event in client.events())
    text = "".join(f"26,{n:03}.95 | " for n in range(length // 12 + 1))[:length]
    frame = Frame(text.encode())
    # the same frame twice: no compression state is carried from one to the next
    for _ in range(2):
        client.receive_data(link.bytes_of(frame))
        parts = [event for event in client.events() if isinstance(event, TextMessage)]
        assert "".join(part.data for part in parts) == text


def test_the_key_of_the_standard_gets_the_answer_of_the_standard() -> None:
    headers = {
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Upgrade": "websocket",
    }
    answer = accept(Headers(headers)).answer
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Upgrade", None, 426),
        ("Upgrade", "h2c", 426),
        ("Sec-WebSocket-Version", None, 426),
        ("Sec-WebSocket-Version", "8", 426),
        ("Sec-WebSocket-Key", None, 400),
        ("Sec-WebSocket-Key", "", 400),
        ("Sec-WebSocket-Key", "too short", 400),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ==", 400),
        ("Sec-WebSocket-Key", "ä" * 24, 400),
    ],
)
def test_an_unsound_upgrade_is_refused(name: str, value: str | None, status: int) -> None:
    _, headers = browser([])
    kept = {key: text for key, text in headers.items() if key != name}
    with pytest.raises(HandshakeError) as refused:
        accept(Headers(kept if value is None else {**kept, name: value}))
    assert refused.value.status == status


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; server_max_window_bits=abc",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=-9",
        # one that zlib cannot keep to
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=99",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=10",
        "permessage-deflate; unheard_of",
        "permessage-deflate;",
        "x-webkit-deflate-frame",
        ";;;,=,",
    ],
)
def test_an_offer_that_cannot_be_kept_to_is_declined(offer: str) -> None:
    link = offering(offer)
    assert link.window_bits is None
    assert b"Sec-WebSocket-Extensions" not in link.answer


@pytest.mark.parametrize(
    ("offers", "bits"),
    [
        (["permessage-deflate"], 15),
        (["permessage-deflate; client_max_window_bits"], 15),
        (["permessage-deflate; server_max_window_bits=10; client_max_window_bits=9"], 10),
        (['permessage-deflate; server_max_window_bits="11"'], 11),
        (["permessage-deflate; server_max_window_bits=8, permessage-deflate"], 15),
        (["x-unknown", "permessage-deflate ; server_no_context_takeover"], 15),
    ],
)
def test_the_first_offer_that_can_be_kept_to_is_taken(offers: list[str], bits: int) -> None:
    link = offering(*offers)
    assert link.window_bits == bits
    asked = "server_max_window_bits" in offers[0] and bits != 15
    assert (f"server_max_window_bits={bits}".encode() in link.answer) is asked


def inflated(frame: bytes, window_bits: int) -> bytes:
    """The text of a frame, by a browser that remembers no more than it agreed to."""
    inflater = zlib.decompressobj(-window_bits)
    parts = (bytes((byte,)) for byte in frame[4:] + b"\x00\x00\xff\xff")
    return b"".join(inflater.decompress(part) for part in parts)


def test_frames_keep_to_the_window_that_was_agreed() -> None:
    # what repeats lies further back than the smallest window reaches
    text = random.Random(1).randbytes(900) * 2  # noqa: S311
    link = offering("permessage-deflate; server_max_window_bits=9")
    assert inflated(link.bytes_of(Frame(text)), 9) == text
    with pytest.raises(zlib.error):
        inflated(Frame(text).deflated(15), 9)


def test_a_frame_is_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", lambda *a, **k: calls.append(1) or original(*a, **k))
    frame = Frame(b"{}")
    assert frame.deflated(15) is frame.deflated(15)
    assert len(calls) == 1


def heard(server: Connection, data: bytes) -> tuple[str, int | None]:
    """What a server makes of bytes from a browser: the text, and the code if it closes."""
    server.receive_data(data)
    text, code = "", None
    for event in server.events():
        if isinstance(event, Message):
            text += event.data if isinstance(event.data, str) else event.data.decode("latin-1")
        if isinstance(event, CloseConnection):
            code = int(event.code)
    return text, code


def sending(extensions: list[PerMessageDeflate]) -> tuple[WSConnection, Connection]:
    """A client in mid-conversation, and the server's machine for what it sends."""
    client, headers = browser(extensions)
    link = accept(Headers(headers))
    client.receive_data(link.answer)
    list(client.events())
    return client, link.protocol


@pytest.mark.parametrize("extensions", [[], [PerMessageDeflate()]], ids=["plain", "deflated"])
@pytest.mark.parametrize("length", [0, 1, 200, MOST_INBOUND_BYTES])
def test_messages_from_a_browser_are_read(extensions: list[PerMessageDeflate], length: int) -> None:
    client, server = sending(extensions)
    for _ in range(3):
        sent = client.send(TextMessage("x" * length))
        assert heard(server, sent) == ("x" * length, None)


def test_a_message_in_parts_is_read() -> None:
    client, server = sending([PerMessageDeflate()])
    first = client.send(TextMessage("first, ", message_finished=False))
    assert heard(server, first + client.send(TextMessage("second"))) == ("first, second", None)


def test_a_bomb_is_not_inflated() -> None:
    client, server = sending([PerMessageDeflate()])
    bomb = client.send(BytesMessage(b"0" * 1_000_000))
    assert len(bomb) < 1100
    text, code = heard(server, bomb)
    assert code == 1009
    assert len(text) <= MOST_INBOUND_BYTES


def test_a_message_that_announces_more_than_it_may_is_refused_at_once() -> None:
    client, server = sending([PerMessageDeflate()])
    noise = random.Random(1).randbytes(10_000).hex()  # noqa: S311
    assert heard(server, client.send(TextMessage(noise))[:64]) == ("", 1009)
