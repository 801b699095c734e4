"""The WebSocket protocol's server side without threads: handshake and shared frames (RFC 6455)."""

import zlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers
    from wsproto.connection import Connection

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FINAL_TEXT = 0x81
_DEFLATED = 0x40
_SYNC_TAIL = 4
_LEVEL = 4


@dataclass(frozen=True)
class Frame:
    """One text message as the bytes of a frame, built and compressed once for all viewers."""

    text: bytes

    @cached_property
    def plain(self) -> bytes:
        return _header(_FINAL_TEXT, len(self.text)) + self.text

    @cached_property
    def deflated(self) -> bytes:
        """The frame under permessage-deflate without context takeover (RFC 7692, 7.2.1)."""
        packer = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
        packed = packer.compress(self.text) + packer.flush(zlib.Z_SYNC_FLUSH)
        packed = packed[:-_SYNC_TAIL]
        return _header(_FINAL_TEXT | _DEFLATED, len(packed)) + packed


@dataclass(frozen=True, slots=True)
class Accepted:
    """An agreed handshake: the answer to send, and the state machine for what comes in."""

    answer: bytes
    protocol: "Connection"
    deflate: bool


def accept(headers: "Headers") -> Accepted | None:
    """Answer an upgrade request; None when it is not one of version 13."""
    from wsproto.connection import Connection, ConnectionType
    from wsproto.extensions import Extension, PerMessageDeflate
    from wsproto.handshake import server_extensions_handshake

    key = headers.get("Sec-WebSocket-Key")
    upgrade = headers.get("Upgrade", "").lower() == "websocket"
    if not key or not upgrade or headers.get("Sec-WebSocket-Version") != "13":
        return None
    deflate: Extension = PerMessageDeflate(
        client_no_context_takeover=True, server_no_context_takeover=True
    )
    offers = [offer.strip() for offer in headers.get("Sec-WebSocket-Extensions", "").split(",")]
    agreed = server_extensions_handshake(offers, [deflate])
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + _accept_token(key),
    ]
    if agreed is not None:
        lines.append(b"Sec-WebSocket-Extensions: " + agreed)
    used = [deflate] if agreed is not None else []
    return Accepted(
        b"\r\n".join([*lines, b"", b""]), Connection(ConnectionType.SERVER, used), bool(used)
    )


def _accept_token(key: str) -> bytes:
    # the protocol names SHA-1; nothing secret rests on it
    return b64encode(sha1(key.strip().encode("latin-1") + _GUID, usedforsecurity=False).digest())


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
