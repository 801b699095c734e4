"""permessage-deflate (RFC 7692): which offers are taken, and inflating with a limit."""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsproto.extensions import Extension

MOST_INBOUND_BYTES = 4096

_NAME = "permessage-deflate"
_FLAGS = frozenset({"server_no_context_takeover", "client_no_context_takeover"})
_SERVER_BITS, _CLIENT_BITS = "server_max_window_bits", "client_max_window_bits"
_BITS = re.compile(r"[89]|1[0-5]")
# zlib cannot compress raw data with the smallest window that the protocol knows
_LEAST_BITS = 9
_SYNC_TAIL = b"\x00\x00\xff\xff"


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed: the header's value, and the window that frames to the browser keep to."""

    answer: str
    window_bits: int


def agreed(headers: Iterable[str]) -> Terms | None:
    """The terms of the first offer that can be kept to; None without one.

    An offer that is malformed, or asks for what this server does not do, is declined; the link
    then works without compression.
    """
    offers = (offer for header in headers for offer in header.split(","))
    return next((terms for offer in offers if (terms := _terms(offer)) is not None), None)


def _terms(offer: str) -> Terms | None:
    name, *parts = (part.strip() for part in offer.split(";"))
    parameters = _parameters(parts) if name == _NAME else None
    if parameters is None:
        return None
    asked = parameters.get(_SERVER_BITS)
    bits = zlib.MAX_WBITS if asked is None else int(asked)
    if bits < _LEAST_BITS:
        return None
    answer = [_NAME, *sorted(_FLAGS), *([f"{_SERVER_BITS}={bits}"] if asked is not None else [])]
    return Terms("; ".join(answer), bits)


def _parameters(parts: list[str]) -> dict[str, str | None] | None:
    """The parameters of an offer by name; None when one is unknown, repeated or malformed."""
    found: dict[str, str | None] = {}
    for part in parts:
        name, equals, value = (text.strip() for text in part.partition("="))
        if value.startswith('"') and value.endswith('"'):
            value = value[1:-1]
        if name in found or not _allowed(name, value if equals else None):
            return None
        found[name] = value if equals else None
    return found


def _allowed(name: str, value: str | None) -> bool:
    if name in _FLAGS:
        return value is None
    if name == _CLIENT_BITS and value is None:
        return True
    return name in (_SERVER_BITS, _CLIENT_BITS) and bool(value and _BITS.fullmatch(value))


def inflating() -> "Extension":
    """The extension for what comes in: each message is inflated by itself, to a few KiB at most."""
    made: Extension = _extension()()
    return made


@cache
def _extension() -> Any:
    """The class, made on first use: the login page needs no WebSocket library."""
    from wsproto.extensions import Extension
    from wsproto.frame_protocol import CloseReason, Opcode, RsvBits

    class Inflating(Extension):
        name = _NAME

        def __init__(self) -> None:
            # of the message under way, which control frames may interrupt
            self._inflater: Any = None
            self._left = 0
            self._control = False

        def enabled(self) -> bool:
            return True

        def offer(self) -> bool | str:
            return False

        def frame_inbound_header(
            self, proto: Any, opcode: Opcode, rsv: RsvBits, payload_length: int
        ) -> CloseReason | RsvBits:
            self._control = opcode.iscontrol()
            if rsv.rsv1 and (self._control or opcode is Opcode.CONTINUATION):
                return CloseReason.PROTOCOL_ERROR
            if not self._control and payload_length > MOST_INBOUND_BYTES:
                return CloseReason.MESSAGE_TOO_BIG
            if not self._control and opcode is not Opcode.CONTINUATION:
                self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if rsv.rsv1 else None
                self._left = MOST_INBOUND_BYTES
            return RsvBits(True, False, False)

        def frame_inbound_payload_data(self, proto: Any, data: bytes) -> bytes | CloseReason:
            if self._control or self._inflater is None:
                return data
            return self._inflated(data)

        def frame_inbound_complete(self, proto: Any, fin: bool) -> bytes | CloseReason | None:
            if self._control or self._inflater is None or not fin:
                return None
            return self._inflated(_SYNC_TAIL)

        def _inflated(self, data: bytes) -> bytes | CloseReason:
            try:
                # one byte more than may come tells too much from just enough
                made: bytes = self._inflater.decompress(data, self._left + 1)
            except zlib.error:
                return CloseReason.INVALID_FRAME_PAYLOAD_DATA
            self._left -= len(made)
            return CloseReason.MESSAGE_TOO_BIG if self._left < 0 else made

    return Inflating
