"""Asks now and then whether the viewers' sessions still hold, on a thread of its own."""

import logging
from collections.abc import Callable

from app.push.hub import Hub
from app.worker import Worker

_log = logging.getLogger(__name__)

EVERY_S = 2.0


class SessionWatch:
    """Lets viewers go within seconds of the end of their session."""

    def __init__(self, hub: Hub, is_open: Callable[[str], bool]) -> None:
        self._hub = hub
        self._is_open = is_open
        self._has_failed = False
        self._worker = Worker("oi-sessions", self._turn, first_pause_s=EVERY_S)

    def start(self) -> None:
        """Begin to ask; does nothing when it already does."""
        self._worker.start()

    def close(self) -> None:
        """End the thread."""
        self._worker.close(EVERY_S)

    def _turn(self) -> float:
        for session in self._hub.sessions():
            try:
                if not self._is_open(session):
                    self._hub.dismiss(session)
                self._has_failed = False
            except Exception:
                # nobody is sent away because a question went unanswered
                if not self._has_failed:
                    _log.exception("Whether sessions still hold cannot be told")
                self._has_failed = True
        return EVERY_S
