"""Everyone who watches a chain: one thread, non-blocking sockets, the newest state wins.

A viewer who cannot keep up skips states and gets the newest whole one when there is room again;
one whose socket takes nothing for five seconds is dropped. Nothing is queued for anybody.
"""

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from app.chains.states import ChainState
from app.chains.wire import pulse_message
from app.push.broadcast import Broadcast
from app.push.frames import Accepted, Frame

_log = logging.getLogger(__name__)

MAX_VIEWERS = 2000
PULSE_S = 5.0
BLOCKED_S = 5.0
# then a browser comes back by itself, and has to be signed in still
LIFETIME_S = 3600.0
_TICK_S = 1.0
_RECEIVE_BYTES = 4096
_ACKNOWLEDGE_MS = 20_000


@dataclass(eq=False)
class Viewer:
    """One WebSocket; `unsent` is the rest of the frame on its way, `seen` the state it ends in."""

    sock: socket.socket
    exchange: str
    link: Accepted
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    replies: bytes = b""
    seen: Any = None
    sent_at: float = 0.0
    moved_at: float = 0.0
    joined_at: float = field(default_factory=time.monotonic)
    admitted: bool = False
    closing: bool = False


class Viewers:
    """The hub; its thread starts with the first viewer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._tasks: deque[Callable[[], None]] = deque()
        self._selector: selectors.BaseSelector | None = None
        self._waker: socket.socket | None = None
        self._viewers: set[Viewer] = set()
        self._fresh: dict[str, ChainState] = {}
        self._latest: dict[str, Broadcast] = {}
        self._problem: str | None = None
        self._stopping = False

    def watched(self) -> frozenset[str]:
        """The exchanges somebody watches."""
        return frozenset(viewer.exchange for viewer in tuple(self._viewers))

    def count(self) -> int:
        """How many watch."""
        return len(self._viewers)

    def join(self, sock: socket.socket, link: Accepted, exchange: str) -> None:
        """Take over a socket whose handshake is agreed.

        The caller publishes the exchange's state afterwards: what is announced from now on
        reaches this viewer too, so that nothing can fall between.
        """
        sock.setblocking(False)
        with contextlib.suppress(OSError, AttributeError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # a peer that vanished without a word is noticed by what it never acknowledges
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _ACKNOWLEDGE_MS)
        viewer = Viewer(sock, exchange, link)
        self._viewers.add(viewer)
        self._run(partial(self._admit, viewer))

    def publish(self, state: ChainState) -> None:
        """Send a newer state to all who watch its exchange; one not yet taken up is replaced."""
        with self._lock:
            waiting = self._fresh.get(state.exchange)
            if waiting is None or not _is_older(state, waiting):
                self._fresh[state.exchange] = state
        self._run(None)

    def announce(self, problem: str | None) -> None:
        """Tell everybody that the database is away, or (None) back."""
        self._run(partial(self._pulse_all, problem))

    def close(self) -> None:
        """Let everybody go and end the thread."""
        with self._lock:
            thread, self._stopping = self._thread, True
            self._wake()
        if thread is not None:
            thread.join(timeout=2)
        with self._lock:
            if self._waker is not None:
                self._waker.close()
                self._waker = None

    def _run(self, task: Callable[[], None] | None) -> None:
        with self._lock:
            if self._stopping:
                return
            if task is not None:
                self._tasks.append(task)
            if self._thread is None:
                self._start()
            self._wake()

    def _start(self) -> None:
        self._selector = selectors.DefaultSelector()
        wakened, self._waker = socket.socketpair()
        wakened.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(wakened, selectors.EVENT_READ, None)
        self._thread = threading.Thread(
            target=self._loop, args=(self._selector, wakened), name="oi-viewers", daemon=True
        )
        self._thread.start()

    def _wake(self) -> None:
        if self._waker is not None:
            # a full pipe already holds a wake-up
            with contextlib.suppress(BlockingIOError):
                self._waker.send(b"\0")

    def _loop(self, selector: selectors.BaseSelector, wakened: socket.socket) -> None:
        while not self._stopping:
            for key, events in selector.select(_TICK_S):
                if key.data is None:
                    wakened.recv(_RECEIVE_BYTES)
                else:
                    self._serve(key.data, events)
            while self._tasks:
                self._tasks.popleft()()
            self._take_up()
            self._look_after(time.monotonic())
        for viewer in tuple(self._viewers):
            self._drop(viewer, None)
        selector.close()
        wakened.close()

    def _admit(self, viewer: Viewer) -> None:
        if self._selector is not None:
            self._selector.register(viewer.sock, selectors.EVENT_READ, viewer)
            viewer.admitted, viewer.replies = True, viewer.link.answer
            viewer.sent_at = viewer.moved_at = time.monotonic()
            self._offer(viewer)

    def _take_up(self) -> None:
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        for state in fresh.values():
            self._broadcast(state)

    def _broadcast(self, state: ChainState) -> None:
        previous = self._latest.get(state.exchange)
        if previous is not None and _is_older(state, previous.state):
            return
        if previous is None or previous.identity != state.identity:
            self._latest[state.exchange] = Broadcast.after(previous, state)
        for viewer in self._admitted():
            if viewer.exchange == state.exchange:
                self._offer(viewer)

    def _offer(self, viewer: Viewer) -> None:
        """Start sending what the viewer lacks, if the way is free."""
        if not viewer.unsent and viewer.replies:
            viewer.unsent, viewer.replies = memoryview(viewer.replies), b""
            self._push(viewer)
        latest = self._latest.get(viewer.exchange)
        if viewer.unsent or viewer.closing or latest is None or viewer.seen == latest.identity:
            return
        frame, viewer.seen = latest.frame_for(viewer.seen), latest.identity
        self._send(viewer, frame)

    def _send(self, viewer: Viewer, frame: Frame) -> None:
        viewer.unsent = memoryview(frame.deflated if viewer.link.deflate else frame.plain)
        viewer.sent_at = viewer.moved_at = time.monotonic()
        self._push(viewer)

    def _push(self, viewer: Viewer) -> None:
        try:
            while viewer.unsent:
                viewer.unsent = viewer.unsent[viewer.sock.send(viewer.unsent) :]
                viewer.moved_at = time.monotonic()
        except BlockingIOError:
            self._listen(viewer, selectors.EVENT_READ | selectors.EVENT_WRITE)
        except OSError as error:
            self._drop(viewer, f"lost: {error}")
        else:
            self._listen(viewer, selectors.EVENT_READ)
            if viewer.closing and not viewer.replies:
                self._drop(viewer, "closed by the browser")

    def _listen(self, viewer: Viewer, events: int) -> None:
        if self._selector is not None and viewer in self._viewers:
            self._selector.modify(viewer.sock, events, viewer)

    def _serve(self, viewer: Viewer, events: int) -> None:
        if events & selectors.EVENT_READ:
            self._receive(viewer)
        if viewer in self._viewers and events & selectors.EVENT_WRITE:
            self._push(viewer)
        if viewer in self._viewers:
            self._offer(viewer)

    def _receive(self, viewer: Viewer) -> None:
        from wsproto.events import CloseConnection, Ping
        from wsproto.utilities import ProtocolError

        try:
            data = viewer.sock.recv(_RECEIVE_BYTES)
            if not data:
                return self._drop(viewer, "closed by the browser")
            viewer.link.protocol.receive_data(data)
            for event in viewer.link.protocol.events():
                if isinstance(event, Ping | CloseConnection):
                    viewer.replies += viewer.link.protocol.send(event.response())
                    viewer.closing = viewer.closing or isinstance(event, CloseConnection)
        except BlockingIOError:
            return None
        except (OSError, ProtocolError) as error:
            return self._drop(viewer, f"lost: {error}")

    def _look_after(self, now: float) -> None:
        for viewer in self._admitted():
            if now - viewer.joined_at > LIFETIME_S:
                self._drop(viewer, "came to the end of its hour")
            elif viewer.unsent and now - viewer.moved_at > BLOCKED_S:
                self._drop(viewer, f"took nothing for {BLOCKED_S:.0f} s")
            elif not viewer.unsent and now - viewer.sent_at > PULSE_S:
                self._send(viewer, Frame(pulse_message(self._problem)))

    def _pulse_all(self, problem: str | None) -> None:
        self._problem = problem
        frame = Frame(pulse_message(problem))
        for viewer in self._admitted():
            if not viewer.unsent:
                self._send(viewer, frame)

    def _admitted(self) -> list[Viewer]:
        return [viewer for viewer in tuple(self._viewers) if viewer.admitted]

    def _drop(self, viewer: Viewer, reason: str | None) -> None:
        if viewer in self._viewers:
            self._viewers.discard(viewer)
            if self._selector is not None and viewer.admitted:
                self._selector.unregister(viewer.sock)
            viewer.sock.close()
            _log.debug("Viewer of %s dropped: %s", viewer.exchange, reason)


def _is_older(state: ChainState, than: ChainState) -> bool:
    """Whether a slower reader hands in what has been overtaken meanwhile."""
    mine, theirs = state.payload["updated_at"], than.payload["updated_at"]
    if mine is None or theirs is None:
        return False
    return datetime.fromisoformat(mine) < datetime.fromisoformat(theirs)
