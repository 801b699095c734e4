"""Connections to the broker's ticker, each read by a thread that only decodes into the board.

Two watches: a link without any frame for five seconds is dead (a heartbeat comes each second), one
with frames but without prices while the market trades is mute. Either is connected anew, with
growing pauses. A refused session stops the attempts until somebody has logged in again.
"""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.kite.board import Board
from app.kite.errors import LoginNeededError, TooManyRequestsError
from app.kite.wire import Wire
from db.backoff import Backoff
from db.errors import OIError

_LOG = logging.getLogger("oi.kite")
DEAD_AFTER_S = 5.0
MUTE_AFTER_S = 10.0
_LOOK_S = 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_WAIT_S = 10.0
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
class Credentials:
    """What opens a connection, and the version of the login it is from."""

    api_key: str
    access_token: str
    version: int


Login = Callable[[], Credentials | None]


@dataclass(slots=True)
class Figures:
    """What the links have seen, by reason where something was refused."""

    frames: int = 0
    packets: int = 0
    reconnects: int = 0
    refused: Counter[str] | None = None

    def count(self, reason: str, times: int = 1) -> None:
        if self.refused is None:
            self.refused = Counter()
        self.refused[reason] += times


class SharedBoard:
    """The board that all links decode into and the feed reads from."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.board = Board()
        self.figures = Figures()

    def widen(self, tokens: Sequence[int]) -> None:
        """Hold exactly these instruments, keeping what is known of them."""
        with self.lock:
            self.board = self.board.with_tokens(tokens)

    def decode(self, frame: bytes) -> int:
        """Take in a frame; the number of packets that brought something."""
        with self.lock:
            decoded = self.board.decode(frame)
            self.figures.frames += 1
            self.figures.packets += decoded.taken
            for reason, times in decoded.refused.items():
                self.figures.count(reason, times)
        return decoded.taken


class Link:
    """One connection and its thread."""

    def __init__(
        self,
        root: str,
        login: Login,
        shared: SharedBoard,
        should_trade: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = LinkState.CONNECTING
        self._root = root
        self._login = login
        self._shared = shared
        self._should_trade = should_trade
        self._clock = clock
        self._lock = threading.Lock()
        self._wanted: tuple[int, ...] = ()
        self._asked: frozenset[int] = frozenset()
        self._wire: Wire | None = None
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="oi-kite", daemon=True)

    def start(self) -> None:
        """Connect in the background."""
        self._thread.start()

    def follow(self, tokens: Sequence[int]) -> None:
        """Follow exactly these instruments, subscribed in this order."""
        with self._lock:
            self._wanted = tuple(tokens)
        self._changed.set()

    def reconnect(self) -> None:
        """Give up the present connection; a new one is made at once."""
        with self._lock:
            wire = self._wire
        if wire is not None:
            wire.close()

    def close(self) -> None:
        """Hang up and end the thread."""
        self._stopped.set()
        self.reconnect()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * DEAD_AFTER_S)

    def _run(self) -> None:
        pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        while not self._stopped.is_set():
            credentials = self._login_or_none()
            if credentials is None:
                self._rest(LinkState.LOGIN_NEEDED, _LOOK_S)
                continue
            try:
                self._connected(credentials, pauses)
            except LoginNeededError as error:
                _LOG.warning("%s", error)
                self._await_login(credentials.version)
            except TooManyRequestsError as error:
                _LOG.warning("%s", error)
                self._rest(LinkState.WAITING, _WAIT_S)
            except (OSError, OIError) as error:
                self._shared.figures.reconnects += 1
                _LOG.warning("the ticker's connection is lost (%s); connecting again", error)
                self._rest(LinkState.RECONNECTING, pauses.next_s())
            except Exception:
                # a thread that ended silently would leave the market frozen
                _LOG.exception("reading the ticker failed")
                self._rest(LinkState.RECONNECTING, pauses.next_s())
        self.state = LinkState.STOPPED

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
            self._rest(LinkState.LOGIN_NEEDED, _LOOK_S)

    def _rest(self, state: LinkState, duration_s: float) -> None:
        self.state = state
        self._stopped.wait(duration_s)

    def _connected(self, credentials: Credentials, pauses: Backoff) -> None:
        if self.state is not LinkState.RECONNECTING:
            self.state = LinkState.CONNECTING
        wire = Wire.opened(self._root, credentials.api_key, credentials.access_token)
        with self._lock:
            self._wire = wire
        try:
            self._asked = frozenset()
            self._changed.set()
            self._read(wire, pauses)
        finally:
            with self._lock:
                self._wire = None
            wire.close()

    def _read(self, wire: Wire, pauses: Backoff) -> None:
        heard = brought = self._clock()
        for message in wire.messages(_LOOK_S):
            if self._stopped.is_set():
                return
            if self._changed.is_set():
                self._changed.clear()
                self._subscribe(wire)
            now = self._clock()
            if message is not None:
                heard = now
                if self._took(message):
                    brought = now
                    self.state = LinkState.LIVE
                    pauses.reset()
            if now - heard > DEAD_AFTER_S:
                raise ConnectionError(f"no frame for {DEAD_AFTER_S:.0f} s")
            if not (self._asked and self._should_trade()):
                brought = now
            elif now - brought > MUTE_AFTER_S:
                self.state = LinkState.MUTE
                raise ConnectionError(f"no price for {MUTE_AFTER_S:.0f} s in a session")

    def _took(self, message: bytes | str) -> bool:
        """Whether a message brought prices."""
        if isinstance(message, bytes):
            return self._shared.decode(message) > 0
        self._heard_text(message)
        return False

    def _heard_text(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        figures = self._shared.figures
        if not isinstance(said, dict):
            figures.count(_NO_OBJECT)
        elif said.get("type") == "error":
            figures.count(_BROKER_ERROR)
            _LOG.warning("the broker says: %s", str(said.get("data"))[:200])

    def _subscribe(self, wire: Wire) -> None:
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


def spread(tokens: Sequence[int], links: int, most: int) -> list[tuple[int, ...]]:
    """Tokens in their order dealt to as few links as will hold them.

    Raises OIError when they are more than all links may carry.
    """
    if len(tokens) > links * most:
        raise OIError(
            f"{len(tokens):,} instruments are more than the broker's ticker carries "
            f"({links} connections of {most:,}); follow fewer strikes."
        )
    unique = list(dict.fromkeys(int(token) for token in np.asarray(tokens, dtype=np.int64)))
    return [tuple(unique[first : first + most]) for first in range(0, len(unique), most)]
