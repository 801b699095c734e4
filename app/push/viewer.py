"""One viewer's WebSocket: what comes in, within limits, and what is on its way out.

Nothing is queued: there is one write under way, the newest notice of each topic, the answer to the
newest ping, and a farewell.
"""

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

import orjson

from app.chains.wire import end_message
from app.push.allowance import Allowance
from app.push.broadcast import Seen
from app.push.deflate import MOST_INBOUND_BYTES
from app.push.frames import Accepted, Frame
from app.push.notices import Notice
from app.push.wishes import Follow

if TYPE_CHECKING:
    from wsproto.events import Event

SESSION_OVER = 4401
COME_BACK = 4408
TRY_AGAIN_LATER = 1013
POLICY = 1008
TOO_BIG = 1009
TEXT_ONLY = 1003

_RECEIVE_BYTES = 4096
_ACKNOWLEDGE_MS = 20_000
_MOST_REASON_BYTES = 120
# (at once, a second): messages a page has a use for; pings that are answered; frames of any kind
_MESSAGES = (20, 5.0)
_PINGS = (20, 5.0)
_FRAMES = (400, 100.0)


class LeftError(Exception):
    """The link is gone; the text says why."""


class Viewer:
    """A socket whose handshake is agreed.

    `seen` is what it has of each exchange that it follows, `awaiting` those of which nothing is
    sent before they were read anew; whether it shows the `book` of orders it says itself.
    """

    def __init__(
        self, sock: socket.socket, link: Accepted, session: str, user: str | None = None
    ) -> None:
        self.sock = sock
        self.link = link
        self.session = session
        self.user = user
        self._notices: dict[tuple[str, Any], Notice] = {}
        self.seen: dict[str, Seen] = {}
        self.awaiting: set[str] = set()
        self.book = False
        self.clock_due = False
        self.is_greeted = False
        self.unsent = memoryview(link.answer)
        self.joined_at = self.moved_at = self.clock_at = time.monotonic()
        self.leaving_at: float | None = None
        self._pong: bytes | None = None
        self._farewell: bytes | None = None
        self._text = ""
        self._messages = Allowance(*_MESSAGES)
        self._pings = Allowance(*_PINGS)
        self._frames = Allowance(*_FRAMES)

    def prepare(self) -> None:
        """Let the socket never block, and notice a peer that vanished without a word."""
        self.sock.setblocking(False)
        with contextlib.suppress(OSError, AttributeError):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _ACKNOWLEDGE_MS)

    def begin(self, wanted: Follow) -> None:
        """Follow these from now on.

        What is on its way already will have arrived before what is sent next, so that a page that
        names an older state of an exchange it follows is not believed; one that names none has
        lost the thread and gets the whole.
        """
        self.seen = {
            name: self.seen[name] if shown is not None and self.seen.get(name) else shown
            for name, shown in wanted.items()
        }
        self.awaiting = set(wanted)

    def was_read(self, exchange: str) -> None:
        """An exchange that was awaited has been read, or cannot be."""
        if exchange in self.awaiting:
            self.awaiting.discard(exchange)
            self.clock_due = True

    def want_clock(self) -> None:
        """Be told the time next."""
        self.clock_due = True

    def take_note(self, notice: Notice) -> None:
        """Let it be sent when there is room, in place of an older one of the same."""
        self._notices[notice.place] = notice

    def next_notice(self) -> Notice | None:
        """What is to be sent of that now, once."""
        return self._notices.pop(next(iter(self._notices))) if self._notices else None

    def receive(self) -> list[str]:
        """The messages that have come in whole; raises LeftError when the link is gone."""
        from wsproto.utilities import ProtocolError

        try:
            data = self.sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LeftError(f"lost: {error}") from error
        if not data:
            raise LeftError("closed by the browser")
        if self.leaving_at is not None:
            return []
        try:
            self.link.protocol.receive_data(data)
            return [text for event in self.link.protocol.events() for text in self._heard(event)]
        except ProtocolError as error:
            raise LeftError(f"lost: {error}") from error

    def _heard(self, event: "Event") -> list[str]:
        from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

        if self.leaving_at is not None:
            return []
        if not self._frames.take():
            self.leave(POLICY, "Too many frames.")
        elif isinstance(event, Ping):
            # RFC 6455, 5.5.3: only the newest ping needs an answer
            self._pong = bytes(event.payload) if self._pings.take() else self._pong
        elif isinstance(event, CloseConnection):
            self._hang_up_with(self.link.protocol.send(event.response()))
        elif isinstance(event, BytesMessage):
            self.leave(TEXT_ONLY, "Messages are text.")
        elif isinstance(event, TextMessage):
            return self._read(event.data, event.message_finished)
        return []

    def _read(self, part: str, finished: bool) -> list[str]:
        self._text += part
        if len(self._text) > MOST_INBOUND_BYTES:
            self.leave(TOO_BIG, "A message holds a few hundred bytes.")
            return []
        if not finished:
            return []
        text, self._text = self._text, ""
        if not self._messages.take():
            self.leave(POLICY, "Too many messages.")
            return []
        return [text]

    def leave(self, code: int, reason: str) -> None:
        """Say why, and end the link once that is sent; does nothing when it ends already."""
        from wsproto.events import CloseConnection

        if self.leaving_at is not None:
            return
        said = self.link.bytes_of(Frame(orjson.dumps(end_message(reason))))
        short = reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
        self._hang_up_with(said + self.link.protocol.send(CloseConnection(code, short)))

    def _hang_up_with(self, farewell: bytes) -> None:
        self.leaving_at = time.monotonic()
        self._farewell = farewell

    def reply(self) -> bytes | None:
        """What goes out before any data: the farewell, or the answer to a ping."""
        from wsproto.events import Pong

        if self._farewell is not None:
            farewell, self._farewell = self._farewell, None
            return farewell
        if self._pong is None or self.leaving_at is not None:
            return None
        payload, self._pong = self._pong, None
        return self.link.protocol.send(Pong(payload))

    def send(self, data: bytes) -> None:
        """Start to send, when nothing else is on its way; raises LeftError."""
        self.unsent = memoryview(data)
        self.moved_at = time.monotonic()
        self.push()

    def push(self) -> None:
        """Send of what is on its way as much as goes; raises LeftError."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
                self.moved_at = time.monotonic()
        except BlockingIOError:
            return
        except OSError as error:
            raise LeftError(f"lost: {error}") from error
        if self.leaving_at is not None and self._farewell is None:
            # the browser answers and closes; to close first could take back what was just sent
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
