"""Connections to the broker's ticker, each read by a thread that only decodes into the board.

Two watches: a link without any frame for five seconds is dead (a heartbeat comes each second), one
with frames but without prices while the market trades is mute. Either is connected anew, with
growing pauses. A refused session stops the attempts until somebody has logged in again.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import orjson

from app.kite import packets
from app.kite.errors import LoginNeededError, TooManyRequestsError
from app.kite.shared import SharedBoard
from app.kite.wire import Wire
from db.backoff import Backoff
from db.errors import OIError

_LOG = logging.getLogger("oi.kite")
_BATCH = 500
_NO_OBJECT = "text that is no object"
_BROKER_ERROR = "error said by the broker"


class LinkState(StrEnum):
    """What a connection is at."""

    CONNECTING = "connecting"
    LIVE = "live"
    MUTE = "mute"
    RECONNECTING = "reconnecting"
    WAITING = "waiting"
    LOGIN_NEEDED = "login needed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a link waits for what, in seconds."""

    dead_after_s: float = 5.0
    mute_after_s: float = 10.0
    look_s: float = 0.5
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    too_many_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens a connection, and the version of the login it is from."""

    api_key: str
    access_token: str
    version: int

    def __repr__(self) -> str:
        return f"Credentials(version={self.version})"


Login = Callable[[], Credentials | None]


class _MuteError(ConnectionError):
    """Frames come and no prices, though the market trades."""


class Link:
    """One connection and its thread."""

    def __init__(
        self,
        root: str,
        login: Login,
        shared: SharedBoard,
        should_trade: Callable[[], bool],
        waits: Waits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = LinkState.CONNECTING
        self._root = root
        self._login = login
        self._shared = shared
        self._should_trade = should_trade
        self._waits = waits or Waits()
        self._clock = clock
        self._lock = threading.Lock()
        self._wanted: tuple[int, ...] = ()
        self._asked: frozenset[int] = frozenset()
        self._has_traded = False
        self._wire: Wire | None = None
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oi-kite", daemon=True)

    def start(self) -> None:
        """Connect in the background."""
        self._thread.start()

    @property
    def wanted(self) -> tuple[int, ...]:
        """The instruments that are to be followed here."""
        return self._wanted

    def follow(self, tokens: Sequence[int]) -> None:
        """Follow exactly these instruments, subscribed in this order."""
        with self._lock:
            self._wanted = tuple(tokens)
        self._changed.set()

    def reconnect(self) -> None:
        """Give up the present connection; a new one is made at once."""
        with self._lock:
            if self._wire is not None:
                self._wire.hang_up()

    def stop(self) -> None:
        """Hang up; the thread ends soon."""
        self._stopped.set()
        self.reconnect()

    @property
    def is_running(self) -> bool:
        """Whether its thread has not ended yet."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait until the thread has ended."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pauses = Backoff(self._waits.first_pause_s, self._waits.longest_pause_s)
        while not self._stopped.is_set():
            credentials = self._login_or_none()
            if credentials is None:
                self._rest(LinkState.LOGIN_NEEDED, self._waits.look_s)
                continue
            try:
                self._connected(credentials, pauses)
            except LoginNeededError as error:
                _LOG.warning("%s", error)
                self._await_login(credentials.version)
            except TooManyRequestsError as error:
                _LOG.warning("%s", error)
                self._rest(LinkState.WAITING, self._waits.too_many_s)
            except (OSError, OIError) as error:
                self._lost(error, pauses)
            except Exception as error:
                # a thread that ended silently would leave the market frozen
                _LOG.exception("reading the ticker failed")
                self._lost(error, pauses)
        self.state = LinkState.STOPPED

    def _lost(self, error: Exception, pauses: Backoff) -> None:
        if self._stopped.is_set():
            return
        self._shared.reconnected()
        _LOG.warning("the ticker's connection is lost (%s); connecting again", error)
        mute = isinstance(error, _MuteError)
        self._rest(LinkState.MUTE if mute else LinkState.RECONNECTING, pauses.next_s())

    def _login_or_none(self) -> Credentials | None:
        try:
            return self._login()
        except OIError as error:
            _LOG.warning("%s", error)
            return None

    def _await_login(self, refused: int) -> None:
        """Wait until the login is another one; subscriptions stay as they are."""
        while not self._stopped.is_set():
            credentials = self._login_or_none()
            if credentials is not None and credentials.version != refused:
                return
            self._rest(LinkState.LOGIN_NEEDED, self._waits.look_s)

    def _rest(self, state: LinkState, duration_s: float) -> None:
        self.state = state
        self._stopped.wait(duration_s)

    def _connected(self, credentials: Credentials, pauses: Backoff) -> None:
        # a link that was mute or lost stays so until it has shown that it is not
        if self.state not in (LinkState.MUTE, LinkState.RECONNECTING):
            self.state = LinkState.CONNECTING
        wire = Wire.opened(self._root, credentials.api_key, credentials.access_token)
        try:
            with self._lock:
                self._wire = wire
            self._asked = frozenset()
            self._subscribe(wire)
            self._read(wire, pauses)
        finally:
            with self._lock:
                self._wire = None
            wire.close()

    def _read(self, wire: Wire, pauses: Backoff) -> None:
        heard = brought = self._clock()
        for message in wire.messages(self._waits.look_s):
            if self._stopped.is_set():
                return
            if self._changed.is_set():
                self._subscribe(wire)
            now = self._clock()
            is_due = self._has_traded and self._should_trade()
            has_brought = message is not None and self._took(message)
            if has_brought:
                pauses.reset()
            if message is not None:
                heard = now
            if has_brought or not is_due:
                brought = now
                self.state = LinkState.LIVE if message is not None else self.state
            if now - heard > self._waits.dead_after_s:
                raise ConnectionError(f"no frame for {now - heard:.0f} s")
            if now - brought > self._waits.mute_after_s:
                raise _MuteError(f"no price for {now - brought:.0f} s in a session")

    def _took(self, message: bytes | str) -> bool:
        """Whether a message brought prices of something that is traded."""
        if isinstance(message, bytes):
            return self._shared.decode(message) > 0
        self._heard_text(message)
        return False

    def _heard_text(self, text: str) -> None:
        try:
            said = orjson.loads(text)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._shared.count(_NO_OBJECT)
        elif said.get("type") == "error":
            self._shared.count(_BROKER_ERROR)
            _LOG.warning("the broker says: %s", str(said.get("data"))[:200])

    def _subscribe(self, wire: Wire) -> None:
        self._changed.clear()
        with self._lock:
            wanted = self._wanted
        gone = self._asked.difference(wanted)
        new = [token for token in wanted if token not in self._asked]
        if gone:
            wire.send(("unsubscribe", sorted(gone)))
        for first in range(0, len(new), _BATCH):
            batch = new[first : first + _BATCH]
            wire.send(("subscribe", batch))
            wire.send(("mode", ["full", batch]))
        self._asked = frozenset(wanted)
        tokens = np.array(wanted, dtype=np.uint32)
        self._has_traded = bool((~packets.is_index(tokens)).any())
