"""WebSocket frames and the handshake, without threads (RFC 6455)."""

import binascii
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from typing import TYPE_CHECKING

from app.push.deflate import agreed, inflating

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers
    from wsproto.connection import Connection

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES = 16
_FINAL_TEXT = 0x81
_DEFLATED = 0x40
_SYNC_TAIL = 4
_LEVEL = 4
_UPGRADE = "This address speaks WebSocket, version 13."


class HandshakeError(Exception):
    """A request that cannot become a WebSocket; `status` is the HTTP answer's."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True)
class Frame:
    """One text message as the bytes of a frame, built and compressed once for all viewers."""

    text: bytes
    _deflated: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def plain(self) -> bytes:
        return _header(_FINAL_TEXT, len(self.text)) + self.text

    def deflated(self, window_bits: int) -> bytes:
        """The frame under permessage-deflate without context takeover (RFC 7692, 7.2.1)."""
        if window_bits not in self._deflated:
            packer = zlib.compressobj(_LEVEL, wbits=-window_bits)
            packed = packer.compress(self.text) + packer.flush(zlib.Z_SYNC_FLUSH)
            packed = packed[:-_SYNC_TAIL]
            head = _header(_FINAL_TEXT | _DEFLATED, len(packed))
            self._deflated[window_bits] = head + packed
        return self._deflated[window_bits]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An agreed handshake: the answer to send, and the state machine for what comes in.

    `window_bits` is the size of window that frames are compressed with, None for none.
    """

    answer: bytes
    protocol: "Connection"
    window_bits: int | None

    def bytes_of(self, frame: Frame) -> bytes:
        """A frame as this link agreed to carry it."""
        return frame.plain if self.window_bits is None else frame.deflated(self.window_bits)


def accept(headers: "Headers") -> Accepted:
    """Answer an upgrade request; raises HandshakeError for what is none, or not a sound one."""
    from wsproto.connection import Connection, ConnectionType

    key = _demanded_key(headers)
    terms = agreed(headers.getlist("Sec-WebSocket-Extensions"))
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + _accept_token(key),
    ]
    if terms is not None:
        lines.append(b"Sec-WebSocket-Extensions: " + terms.answer.encode())
    return Accepted(
        answer=b"\r\n".join([*lines, b"", b""]),
        protocol=Connection(ConnectionType.SERVER, [inflating()] if terms is not None else []),
        window_bits=None if terms is None else terms.window_bits,
    )


def _demanded_key(headers: "Headers") -> str:
    upgrades = headers.get("Upgrade", "").strip().lower() == "websocket"
    if not upgrades or headers.get("Sec-WebSocket-Version", "").strip() != "13":
        raise HandshakeError(426, _UPGRADE)
    key = headers.get("Sec-WebSocket-Key", "").strip()
    try:
        sound = len(b64decode(key.encode("ascii"), validate=True)) == _KEY_BYTES
    except (UnicodeEncodeError, binascii.Error):
        sound = False
    if not sound:
        raise HandshakeError(400, "Sec-WebSocket-Key must be 16 bytes in base64.")
    return key


def _accept_token(key: str) -> bytes:
    # the protocol names SHA-1; nothing secret rests on it
    return b64encode(sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest())


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
