"""A request while its bytes arrive: when it is whole, and what is refused before it is."""

import re
from dataclasses import dataclass, field

HEAD_BYTES = 48 * 1024
BODY_BYTES = 64 * 1024
READ_BYTES = 1024 * 1024
"""A body that is too large is read to its end up to here: a proxy that is answered while it still
sends may tell its client that this host has failed."""
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that needs no thread."""

    status: str
    sentence: str

    def encoded(self) -> bytes:
        """The answer as it goes over the wire."""
        body = f'{{"error":"{self.sentence}"}}'.encode()
        head = (
            f"HTTP/1.1 {self.status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nConnection: close\r\n"
        )
        if self.status.startswith("503"):
            head += "Retry-After: 5\r\n"
        return f"{head}\r\n".encode() + body


HEAD_TOO_LARGE = Refusal(
    "431 Request Header Fields Too Large", "The headers of this request are too large."
)
BODY_TOO_LARGE = Refusal("413 Content Too Large", "The body of this request is too large.")
NO_LENGTH = Refusal("411 Length Required", "Send this request with a Content-Length.")
BAD_LENGTH = Refusal("400 Bad Request", "The Content-Length of this request is malformed.")
LATE = Refusal("408 Request Timeout", "This request took too long to arrive.")
CROWDED = Refusal("503 Service Unavailable", "Too many ask at once; please try again.")


@dataclass(slots=True)
class Arriving:
    """The bytes of one request so far.

    `refusal` is set as soon as it cannot become one; `invited` once its sender was told to go on.
    """

    data: bytearray = field(default_factory=bytearray)
    refusal: Refusal | None = None
    invited: bool = False
    _head_end: int | None = None
    _length: int = 0
    _unread: int = 0

    def add(self, piece: bytes) -> None:
        """Take what came."""
        if self._unread:
            self._leave(len(piece))
            return
        searched_to = max(0, len(self.data) - len(_END))
        self.data += piece
        if self._head_end is None:
            # an empty line may stand before a request: https://www.rfc-editor.org/rfc/rfc9112#2.2
            while self.data.startswith(b"\r\n"):
                del self.data[:2]
                searched_to = 0
            end = self.data.find(_END, searched_to)
            if end >= 0:
                self._head_end = end + len(_END)
                self._judge()
            elif len(self.data) > HEAD_BYTES:
                self.refusal = HEAD_TOO_LARGE

    @property
    def is_whole(self) -> bool:
        """Whether head and body are there; more may follow, of the next request."""
        end = self._head_end
        if self.refusal or self._unread or end is None:
            return False
        return len(self.data) >= end + self._length

    @property
    def wants_invitation(self) -> bool:
        """Whether its sender waits for a word (Expect) before the body comes."""
        if self._head_end is None or self.invited or self.is_whole or self.refusal:
            return False
        return any(value.lower() == b"100-continue" for value in self.header(b"expect"))

    def header(self, name: bytes) -> list[bytes]:
        """All values of a header whose name is given in lower case."""
        found = []
        for line in bytes(self.data[: self._head_end or 0]).split(b"\r\n")[1:]:
            known, _, value = line.partition(b":")
            if known.strip().lower() == name:
                found.append(value.strip())
        return found

    def _judge(self) -> None:
        if (self._head_end or 0) > HEAD_BYTES:
            self.refusal = HEAD_TOO_LARGE
            return
        if self.header(b"transfer-encoding"):
            self.refusal = NO_LENGTH
            return
        lengths = self.header(b"content-length")
        if not lengths:
            return
        if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
            self.refusal = BAD_LENGTH
            return
        self._length = int(lengths[0])
        if self._length > BODY_BYTES:
            self._pass_over()

    def _pass_over(self) -> None:
        """Refuse a body once its sender is done with it; at once if that is far off."""
        if self._length > READ_BYTES or self.wants_invitation:
            self.refusal = BODY_TOO_LARGE
            return
        self._unread = self._length
        came = len(self.data) - (self._head_end or 0)
        del self.data[self._head_end :]
        self._leave(came)

    def _leave(self, count: int) -> None:
        self._unread = max(0, self._unread - count)
        if not self._unread:
            self.refusal = BODY_TOO_LARGE
