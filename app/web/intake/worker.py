"""gunicorn's threaded worker, which gives a thread to whole requests only.

Of its own accord it hands each connection to a thread that then waits for the rest: as many slow
senders as there are threads stop everything. Here the loop that accepts connections collects each
request first, as a buffering proxy would, and ends what takes too long, sending or receiving.
"""

import contextlib
import signal
import socket
import time
from collections import OrderedDict, deque
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import http
from gunicorn.workers.gthread import TConn, ThreadWorker

from app.web.auth.bearer import session_of
from app.web.intake.arriving import CROWDED, LATE, Arriving, Refusal
from app.web.intake.lanes import STRANGERS, Lanes

ARRIVAL_S = 10.0
"""The longest that a request may take to arrive; a browser's is one or two packets."""

_STRANGERS_ANSWER_S = 20.0
_ANSWER_S = 120.0
_LINGER_S = 2.0
_PIECE_BYTES = 64 * 1024
# most answers fit: who reads them slowly occupies the kernel, and no thread
_SEND_BUFFER_BYTES = 256 * 1024
_ARRIVING = 256
_KEPT_ALIVE = 384
_LINGERING = 128
_WAITING = 96
# a house that signs in at the bell: a second of two cores checks some thirty passwords
_CROWD = 256
_STRANGERS_THREADS = 4
_SESSION_THREADS = 6
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Connection(TConn):  # type: ignore[misc]  # gunicorn is untyped
    """A connection with the request that arrives on it, and whose lane that takes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.arriving = Arriving()
        self.who: str | None = STRANGERS
        self.deadline = 0.0

    def close(self, graceful: bool = False) -> None:
        """End it; unlike gunicorn's own this never waits, as the loop calls it."""
        if graceful:
            with contextlib.suppress(OSError):
                self.sock.setblocking(False)
                self.sock.shutdown(socket.SHUT_WR)
                # what is left unread would have the system reset the link and lose the answer
                self.sock.recv(_PIECE_BYTES)
        super().close()


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """Collects requests, then answers them on threads that nobody can occupy alone."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        room: int = self.cfg.worker_connections - self.cfg.threads
        self.max_keepalived: int = min(room, _KEPT_ALIVE)
        self._lanes: Lanes[_Connection] = Lanes(
            strangers=_STRANGERS_THREADS,
            crowd=_CROWD,
            session=_SESSION_THREADS,
            patient=_WAITING,
        )
        # in the order of their deadlines, as each gets the same time
        self._arriving: OrderedDict[_Connection, None] = OrderedDict()
        self._lingering: deque[_Connection] = deque()
        self._answering: dict[_Connection, float] = {}

    def init_signals(self) -> None:
        """A terminal that closes tells all its processes; the server says what comes of it."""
        super().init_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection and begin to collect its request."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        self.enqueue_req(_Connection(self.cfg, client, address, listener.getsockname()))

    def enqueue_req(self, conn: _Connection) -> None:
        """Collect a request, beginning with what was read along with the one before."""
        conn.sock.setblocking(False)
        conn.arriving = Arriving()
        if conn.parser is not None:
            conn.arriving.add(conn.parser.unreader.take_buffered())
        conn.deadline = time.monotonic() + ARRIVAL_S
        self._arriving[conn] = None
        self.poller.register(conn.sock, EVENT_READ, partial(self._receive, conn))
        if len(self._arriving) > _ARRIVING:
            self._drop(next(iter(self._arriving)))
        self._receive(conn, conn.sock)

    def murder_pending(self) -> None:
        """End what has taken too long: to arrive, to be read by its receiver, to go away."""
        super().murder_pending()
        now = time.monotonic()
        while self._arriving and next(iter(self._arriving)).deadline <= now:
            self._give_up(next(iter(self._arriving)))
        while self._lingering and self._lingering[0].deadline <= now:
            self._end_linger(self._lingering[0])
        for conn in [conn for conn, end in self._answering.items() if end <= now]:
            # the thread that waits for its receiver wakes with an error and is free
            with contextlib.suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RDWR)
            del self._answering[conn]

    def finish_request(self, conn: _Connection, fs: "Future[Any]") -> None:
        """Let the next of the same sender have the thread; keep or end the connection."""
        self._answering.pop(conn, None)
        following = self._lanes.leave(conn.who)
        if following is not None:
            self._answer(following)
        super().finish_request(conn, fs)

    def _receive(self, conn: _Connection, _socket: Any) -> None:
        if conn not in self._arriving:
            # dropped by an event of the same moment
            return
        arriving = conn.arriving
        while not (arriving.is_whole or arriving.refusal):
            try:
                piece = conn.sock.recv(_PIECE_BYTES)
            except BlockingIOError:
                self._invite(conn)
                return
            except OSError:
                piece = b""
            if not piece:
                self._drop(conn)
                return
            arriving.add(piece)
        self._forget(conn)
        if arriving.refusal:
            self._refuse(conn, arriving.refusal)
            return
        try:
            self._admit(conn)
        except Exception:
            # all connections share this loop: one of them must not end it
            self.log.exception("A request could not be taken; its connection is closed.")
            self._close(conn)

    def _invite(self, conn: _Connection) -> None:
        if conn.arriving.wants_invitation:
            conn.arriving.invited = True
            with contextlib.suppress(OSError):
                conn.sock.send(_GO_ON)

    def _admit(self, conn: _Connection) -> None:
        cookies = b"; ".join(conn.arriving.header(b"cookie")).decode("latin-1")
        conn.who = session_of(self.wsgi, cookies) if cookies else STRANGERS
        may_run = self._lanes.enter(conn.who, conn)
        if may_run is None:
            self._refuse(conn, CROWDED)
        elif may_run:
            self._answer(conn)

    def _answer(self, conn: _Connection) -> None:
        """Hand a whole request to a thread; nothing that the thread does waits for its sender."""
        if conn.parser is None:
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
        conn.parser.unreader.unread(bytes(conn.arriving.data))
        if not conn.arriving.header(b"upgrade"):
            with contextlib.suppress(OSError):
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        conn.arriving = Arriving()
        conn.data_ready = True
        patience_s = _STRANGERS_ANSWER_S if conn.who is STRANGERS else _ANSWER_S
        self._answering[conn] = time.monotonic() + patience_s
        super().enqueue_req(conn)

    def _refuse(self, conn: _Connection, refusal: Refusal) -> None:
        """Answer from here, then wait a moment for the sender to go: else it loses the answer."""
        try:
            conn.sock.send(refusal.encoded())
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        conn.deadline = time.monotonic() + _LINGER_S
        self._lingering.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
        if len(self._lingering) > _LINGERING:
            self._end_linger(self._lingering[0])

    def _drain(self, conn: _Connection, _socket: Any) -> None:
        if conn not in self._lingering:
            return
        try:
            if conn.sock.recv(_PIECE_BYTES):
                return
        except BlockingIOError:
            return
        except OSError:
            # reset by the sender: nothing more to wait for
            pass
        self._end_linger(conn)

    def _end_linger(self, conn: _Connection) -> None:
        self._lingering.remove(conn)
        self.poller.unregister(conn.sock)
        self._close(conn)

    def _give_up(self, conn: _Connection) -> None:
        if not conn.arriving.data:
            self._drop(conn)
            return
        self._forget(conn)
        self._refuse(conn, LATE)

    def _drop(self, conn: _Connection) -> None:
        self._forget(conn)
        self._close(conn)

    def _forget(self, conn: _Connection) -> None:
        del self._arriving[conn]
        self.poller.unregister(conn.sock)

    def _close(self, conn: _Connection) -> None:
        self.nr_conns -= 1
        conn.close()
