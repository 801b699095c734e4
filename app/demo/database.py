"""The demo's own database server: started, started again when it has ended, stopped."""

import time
from typing import TYPE_CHECKING

from app.demo.children import Say
from app.demo.patience import Patience
from db.errors import ServerError
from db.server import LocalServer, postmaster
from db.server.cluster import silent

if TYPE_CHECKING:
    from sqlalchemy import URL

_LATE_S = 2.0
_POLL_S = 0.05


class LocalDatabase:
    """A local server that is watched: nothing else would notice that it has ended."""

    def __init__(self, server: LocalServer, say: Say, patience: Patience | None = None) -> None:
        self._server = server
        self._say = say
        self._patience = patience or Patience()
        self._is_known_to_run = False
        self._is_starting = False
        self._url: URL | None = None

    def start(self) -> "URL":
        """Start it for the first time; raises ServerError when it cannot be."""
        self._url = self._started(self._say)
        return self._url

    def tend(self) -> bool:
        """Start it again if it has ended and has waited long enough; True if it has moved.

        Of one that runs the log is kept within a bound.
        A server moves when another program has taken its port meanwhile.
        """
        if self._is_running():
            postmaster.bound_log(self._server.home)
            return False
        if self._is_known_to_run:
            self._is_known_to_run = False
            self._say(f"The database ended; it is started again in {self._patience.ended():.1f} s.")
        if not self._patience.is_over:
            return False
        return self._start_again()

    def stop(self) -> None:
        """Stop it, also when its start was cut short."""
        if self._server.stop() or not self._is_starting:
            return
        # an interrupted start may have left a process that has not written its number yet
        deadline = time.monotonic() + _LATE_S
        while time.monotonic() < deadline and not self._server.stop():
            time.sleep(_POLL_S)

    def _is_running(self) -> bool:
        try:
            return postmaster.running(self._server.home.data) is not None
        except OSError:
            return False

    def _start_again(self) -> bool:
        before = self._url
        try:
            self._url = self._started(silent)
        except ServerError as error:
            self._is_starting = False
            pause_s = self._patience.ended()
            self._say(f"{str(error).rstrip('.')}; it is tried again in {pause_s:.1f} s.")
            return False
        self._say("The database is back.")
        return self._url != before

    def _started(self, say: Say) -> "URL":
        self._is_starting = True
        url = self._server.start(say)
        self._is_starting = False
        self._is_known_to_run = True
        self._patience.started()
        return url
