"""Asks now and then whether the viewers' sessions still hold, on a thread of its own."""

import logging
import threading
from collections.abc import Callable

from app.push.hub import Hub

_log = logging.getLogger(__name__)

EVERY_S = 2.0


class SessionWatch:
    """Lets viewers go within seconds of the end of their session."""

    def __init__(self, hub: Hub, is_open: Callable[[str], bool]) -> None:
        self._hub = hub
        self._is_open = is_open
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to ask; does nothing when it already does."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="oi-sessions", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=EVERY_S)

    def _run(self) -> None:
        failed = False
        while not self._stop.wait(EVERY_S):
            for session in self._hub.sessions():
                try:
                    if not self._is_open(session):
                        self._hub.dismiss(session)
                    failed = False
                except Exception:
                    # nobody is sent away because a question went unanswered
                    if not failed:
                        _log.exception("Whether sessions still hold cannot be told")
                    failed = True
