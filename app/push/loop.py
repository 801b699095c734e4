"""One thread that waits for many sockets and does what it is told, one thing after another."""

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

_log = logging.getLogger(__name__)

TICK_S = 0.5
_WAKE_BYTES = 4096


class Loop:
    """Calls `ready` with what was registered for a socket and its events, and `tick` each turn.

    The thread starts with the first task. Whatever fails in a turn is logged, and the next turn
    comes: a thread that ends silently would leave every page frozen.
    """

    def __init__(
        self, name: str, ready: Callable[[Any, int], None], tick: Callable[[float], None]
    ) -> None:
        self._name = name
        self._ready = ready
        self._tick = tick
        self._lock = threading.Lock()
        self._closing = threading.Lock()
        self._tasks: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._selector: selectors.BaseSelector | None = None
        self._pipe: tuple[socket.socket, socket.socket] | None = None
        self._stopping = False

    def run(self, task: Callable[[], None]) -> None:
        """Let the thread do something; what comes after the end is left undone."""
        with self._lock:
            if self._stopping:
                return
            self._tasks.append(task)
            if self._thread is None:
                self._start()
            self._wake()

    def register(self, sock: socket.socket, data: object) -> None:
        """Wait for what comes in on a socket."""
        if self._selector is not None:
            self._selector.register(sock, selectors.EVENT_READ, data)

    def await_room(self, sock: socket.socket, data: object, *, wanted: bool) -> None:
        """Wait, or wait no longer, until something can be sent, too."""
        if self._selector is not None:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
            self._selector.modify(sock, events, data)

    def forget(self, sock: socket.socket) -> None:
        """Wait for a socket no longer."""
        if self._selector is not None:
            self._selector.unregister(sock)

    def close(self, finish: Callable[[], None]) -> None:
        """End the thread, then `finish`; who closes meanwhile waits until that is done."""
        with self._closing:
            with self._lock:
                thread, self._stopping = self._thread, True
                self._wake()
            if thread is not None:
                thread.join()
            finish()
            self._release()

    def _start(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._pipe = wakened, waker = socket.socketpair()
        wakened.setblocking(False)
        waker.setblocking(False)
        self._selector.register(wakened, selectors.EVENT_READ, None)
        arguments = (self._selector, wakened)
        self._thread = threading.Thread(
            target=self._run, args=arguments, name=self._name, daemon=True
        )
        self._thread.start()

    def _wake(self) -> None:
        if self._pipe is not None:
            # a full pipe already holds a wake-up
            with contextlib.suppress(BlockingIOError):
                self._pipe[1].send(b"\0")

    def _run(self, selector: selectors.BaseSelector, wakened: socket.socket) -> None:
        while not self._stopping:
            try:
                self._turn(selector, wakened)
            except Exception:
                _log.exception("A turn of %s failed; it goes on", self._name)
                time.sleep(TICK_S)

    def _turn(self, selector: selectors.BaseSelector, wakened: socket.socket) -> None:
        for key, events in selector.select(TICK_S):
            if key.data is None:
                wakened.recv(_WAKE_BYTES)
            else:
                self._ready(key.data, events)
        while self._tasks:
            self._tasks.popleft()()
        self._tick(time.monotonic())

    def _release(self) -> None:
        with self._lock:
            # the thread has ended: nobody can write to these or read from them any more
            pipe, self._pipe = self._pipe, None
            selector, self._selector = self._selector, None
        for end in (*(pipe or ()), selector):
            if end is not None:
                end.close()
