"""Reads what viewers wait for and hands it to the hub, off the hub's thread and the follower's."""

import logging
import threading
import time
from collections.abc import Iterable

from app.chains.feeds import Feeds
from app.chains.states import ChainStates
from app.push.hub import Hub
from db.backoff import Backoff
from db.errors import OIError

_log = logging.getLogger(__name__)

# a replay at full speed announces hundreds a second; nobody reads that fast
_BREATH_S = 0.1
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0
_FEEDS = ""
"""What the feeds are at is read like a chain whose key is this."""


class Reader:
    """One thread that reads each wanted exchange once, however often it was asked for.

    Between two reads of the same it lets a moment pass; another one does not wait for that.
    """

    def __init__(self, states: ChainStates, feeds: Feeds, hub: Hub) -> None:
        self._states = states
        self._feeds = feeds
        self._hub = hub
        self._changed = threading.Condition()
        self._due_at: dict[str, float] = {}
        self._rested_at: dict[str, float] = {}
        self._pauses: dict[str, Backoff] = {}
        self._thread: threading.Thread | None = None
        self._stopping = False

    def want(self, exchanges: Iterable[str]) -> None:
        """Let these be read soon; the thread starts with the first of them."""
        with self._changed:
            now = time.monotonic()
            for exchange in exchanges:
                self._want_at(exchange, now)
            self._begin()

    def want_feeds(self) -> None:
        """Let what the feeds are at be read soon."""
        self.want((_FEEDS,))

    def _want_at(self, name: str, moment: float) -> None:
        """Let it be read then, if not sooner, and not before it has rested; under the lock."""
        moment = max(moment, self._rested_at.get(name, moment))
        self._due_at[name] = min(moment, self._due_at.get(name, moment))

    def _begin(self) -> None:
        """Wake the thread, or start it; the caller holds the lock."""
        if self._stopping:
            return
        if self._due_at and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="oi-reader", daemon=True)
            self._thread.start()
        self._changed.notify()

    def close(self, patience_s: float) -> None:
        """End the thread; a read under way is left to itself after that long."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(patience_s)

    def _run(self) -> None:
        while (name := self._next()) is not None:
            if name == _FEEDS:
                self._read_feeds()
            else:
                self._read(name)

    def _next(self) -> str | None:
        """What to read now, the longest due; waits for it, and is None at the end."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                name = min(self._due_at, key=self._due_at.__getitem__, default=None)
                if name is None:
                    self._changed.wait()
                elif self._due_at[name] > now:
                    self._changed.wait(self._due_at[name] - now)
                else:
                    del self._due_at[name]
                    self._rested_at[name] = now + _BREATH_S
                    return name
        return None

    def look_at_feeds(self) -> None:
        """Tell who follows a feed that nobody speaks for any more."""
        self._hub.remind(*self._feeds.turned())

    def _read_feeds(self) -> None:
        """A word that cannot be read is soon none: who told it is as good as gone."""
        try:
            self._hub.remind(*self._feeds.read())
        except OIError as error:
            _log.debug("What the feeds are at cannot be read: %s", error)
        except Exception:
            _log.exception("Reading what the feeds are at failed")

    def _read(self, exchange: str) -> None:
        try:
            self._hub.publish(self._states.current(exchange))
            self._pauses.pop(exchange, None)
        except OIError as error:
            self._failed(exchange, str(error))
        except Exception as error:
            _log.exception("Reading %s failed", exchange)
            self._failed(exchange, f"{exchange} cannot be read: {type(error).__name__}.")

    def _failed(self, exchange: str, sentence: str) -> None:
        """Tell who follows it, and try again while anybody does."""
        self._hub.announce(sentence, exchange)
        if exchange in self._hub.watched():
            pause = self._pauses.setdefault(exchange, Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S))
            with self._changed:
                self._want_at(exchange, time.monotonic() + pause.next_s())
