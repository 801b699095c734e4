"""Handshake and frames, checked with an independent implementation of the protocol."""

import zlib

import pytest
from werkzeug.datastructures import Headers
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage
from wsproto.extensions import PerMessageDeflate

from app.push.frames import Frame, accept


def browser(extensions: list[PerMessageDeflate]) -> tuple[WSConnection, dict[str, str]]:
    """A client's state machine that has just sent its upgrade request, and that request."""
    client = WSConnection(ConnectionType.CLIENT)
    request = Request(host="host", target="/live/NSE", extensions=list(extensions))
    lines = client.send(request).decode().split("\r\n")[1:]
    return client, dict(line.split(": ", 1) for line in lines if line)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("deflate", [True, False])
def test_a_client_reads_back_what_was_framed(length: int, deflate: bool) -> None:
    client, headers = browser([PerMessageDeflate()] if deflate else [])
    link = accept(Headers(headers))
    assert link is not None
    assert link.deflate is deflate
    client.receive_data(link.answer)
    assert any(isinstance(event, AcceptConnection) for event in client.events())
    text = ("26,000.95 | " * (length // 12 + 1))[:length]
    frame = Frame(text.encode())
    # the same frame twice: no compression state is carried from one to the next
    for _ in range(2):
        client.receive_data(frame.deflated if deflate else frame.plain)
        parts = [event for event in client.events() if isinstance(event, TextMessage)]
        assert "".join(part.data for part in parts) == text


def test_the_key_of_the_standard_gets_the_answer_of_the_standard() -> None:
    headers = {
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Upgrade": "websocket",
    }
    link = accept(Headers(headers))
    assert link is not None
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in link.answer


@pytest.mark.parametrize("missing", ["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade"])
def test_an_incomplete_upgrade_is_not_accepted(missing: str) -> None:
    _, headers = browser([])
    assert accept(Headers({k: v for k, v in headers.items() if k != missing})) is None


def test_a_frame_is_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", lambda *a, **k: calls.append(1) or original(*a, **k))
    frame = Frame(b"{}")
    assert frame.deflated is frame.deflated
    assert len(calls) == 1
