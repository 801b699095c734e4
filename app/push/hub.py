"""Everyone who watches: one thread, non-blocking sockets, the newest state wins.

A viewer who cannot keep up skips states and gets the newest whole one when there is room again;
one whose socket takes nothing for five seconds is dropped. Nothing is queued for anybody, and what
goes wrong with one viewer ends that viewer alone.
"""

import logging
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import orjson

from app.chains.state import ChainState
from app.chains.wire import Ages, Clock, clock_message
from app.push import pace
from app.push.frames import Accepted, Frame
from app.push.loop import TICK_S, Loop
from app.push.notices import Notice
from app.push.topics import Topics
from app.push.viewer import COME_BACK, POLICY, SESSION_OVER, TRY_AGAIN_LATER, LeftError, Viewer
from app.push.wishes import Follow, requested
from db.errors import InvalidInputError

_log = logging.getLogger(__name__)

MAX_VIEWERS = 2000
MAX_OF_A_SESSION = 20
CLOCK_S = 5.0
BLOCKED_S = 5.0
# then a browser comes back by itself
LIFETIME_S = 3600.0
_GOODBYE_S = 2.0


class HubFullError(Exception):
    """There is no room for another viewer; the text says why."""


class Hub:
    """All viewers of a process; its thread starts with the first of them.

    `refresh` is told which exchanges were begun to be followed: what is sent of one then is what
    is published of it afterwards. `clock` makes the message that tells the time, of ages in seconds
    and what stands in the way. Neither may wait.
    """

    def __init__(
        self,
        refresh: Callable[[Iterable[str]], None] = lambda _: None,
        clock: Callable[[Ages, str | None], Clock] | None = None,
    ) -> None:
        self._refresh = refresh
        self._told = clock
        self._loop = Loop("oi-hub", self._ready, self._tick)
        self._lock = threading.Lock()
        self._closed = False
        self._fresh: dict[str, ChainState] = {}
        self._sessions: Counter[str] = Counter()
        self._viewers: set[Viewer] = set()
        self._watched: frozenset[str] = frozenset()
        # of the thread alone
        self._topics = Topics()
        self._admitted: set[Viewer] = set()
        self._clocks: dict[frozenset[str], Frame] = {}
        self._looked_at = 0.0

    def watched(self) -> frozenset[str]:
        """The exchanges somebody follows."""
        return self._watched

    def sessions(self) -> frozenset[str]:
        """The sessions of all viewers."""
        with self._lock:
            return frozenset(filter(None, self._sessions))

    def count(self) -> int:
        """How many viewers there are."""
        return len(self._viewers)

    def backlog_bytes(self) -> int:
        """How much viewers have yet to take."""
        return sum(len(viewer.unsent) for viewer in tuple(self._viewers))

    def join(
        self,
        sock: socket.socket,
        link: Accepted,
        follow: Follow,
        session: str = "",
        user: str | None = None,
    ) -> None:
        """Take over a socket whose handshake is agreed; raises HubFullError."""
        viewer = Viewer(sock, link, session, user)
        with self._lock:
            if self._closed:
                raise HubFullError("This server is about to stop.")
            if len(self._viewers) >= MAX_VIEWERS:
                raise HubFullError("Too many viewers; poll /api/state instead.")
            if session and self._sessions[session] >= MAX_OF_A_SESSION:
                raise HubFullError("Too many windows of one session; close some.")
            self._sessions[session] += 1
            self._viewers.add(viewer)
        viewer.prepare()
        self._loop.run(partial(self._admit, viewer, follow))

    def publish(self, state: ChainState) -> None:
        """Send a newer state to all who follow its exchange; one not yet taken up is replaced."""
        with self._lock:
            waiting = self._fresh.get(state.exchange)
            if waiting is None or state.order >= waiting.order:
                self._fresh[state.exchange] = state
        self._loop.run(self._take_up)

    def announce(self, problem: str, *exchanges: str) -> None:
        """Tell who follows these what is wrong with them, until their next state is published."""
        self._loop.run(partial(self._trouble, problem, exchanges))

    def remind(self, *exchanges: str) -> None:
        """Tell who follows these the time, and with it what their feeds are at."""
        if exchanges:
            self._loop.run(partial(self._remind, exchanges))

    def remind_all(self) -> None:
        """Tell everybody the time, and with it what this server does without."""
        self._loop.run(self._remind_all)

    def notify(self, notice: Notice) -> None:
        """Tell those whom a notice is for."""
        self._loop.run(partial(self._notify, notice))

    def dismiss(self, session: str) -> None:
        """Let all viewers of a session go: it is over."""
        self._loop.run(partial(self._dismiss, session))

    def close(self) -> None:
        """Let everybody go and end the thread."""
        with self._lock:
            self._closed = True
        self._loop.close(self._let_go)

    def _let_go(self) -> None:
        for viewer in tuple(self._viewers):
            self._guarded(viewer, partial(viewer.leave, TRY_AGAIN_LATER, "The server stops."))
            self._drop(viewer, "the server stops")

    def _ready(self, viewer: Viewer, events: int) -> None:
        self._guarded(viewer, partial(self._serve, viewer, events))

    def _tick(self, now: float) -> None:
        if now - self._looked_at >= min(TICK_S, CLOCK_S):
            self._looked_at = now
            for viewer in tuple(self._admitted):
                self._guarded(viewer, partial(self._look_after, viewer, now))
        # the next turn may come much later
        self._clocks.clear()

    def _guarded(self, viewer: Viewer, action: Callable[[], None]) -> None:
        """Do something for one viewer and send what is due; what fails ends that viewer alone."""
        try:
            action()
            if viewer in self._admitted:
                self._flow(viewer)
        except LeftError as left:
            self._drop(viewer, str(left))
        except Exception:
            _log.exception("A viewer is dropped: serving it failed")
            self._drop(viewer, "an error")

    def _admit(self, viewer: Viewer, follow: Follow) -> None:
        def begin() -> None:
            self._loop.register(viewer.sock, viewer)
            self._admitted.add(viewer)
            viewer.push()
            self._follow(viewer, follow)

        self._guarded(viewer, begin)

    def _follow(self, viewer: Viewer, wanted: Follow) -> None:
        self._topics.follow(viewer, wanted)
        self._watched = self._topics.watched()
        self._refresh(tuple(wanted))

    def _take_up(self) -> None:
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        for exchange, state in fresh.items():
            is_next = self._topics[exchange].take(state)
            self._offer(exchange)
            if is_next:
                pace.sent(state)

    def _trouble(self, problem: str, exchanges: Iterable[str]) -> None:
        for exchange in exchanges:
            self._topics[exchange].problem = problem
        self._remind(exchanges)

    def _remind(self, exchanges: Iterable[str]) -> None:
        for exchange in exchanges:
            for viewer in self._topics[exchange].viewers:
                viewer.want_clock()
            self._offer(exchange)

    def _remind_all(self) -> None:
        self._clocks.clear()
        for viewer in tuple(self._admitted):
            self._guarded(viewer, viewer.want_clock)

    def _offer(self, exchange: str) -> None:
        """Let an exchange go out to who follows it."""
        self._clocks.clear()
        for viewer in tuple(self._topics[exchange].viewers):
            self._guarded(viewer, partial(viewer.was_read, exchange))

    def _notify(self, notice: Notice) -> None:
        for viewer in tuple(self._admitted):
            if notice.user in (None, viewer.user):
                self._guarded(viewer, partial(viewer.take_note, notice))

    def _dismiss(self, session: str) -> None:
        for viewer in tuple(self._admitted):
            if viewer.session == session:
                over = partial(viewer.leave, SESSION_OVER, "Your session has ended; sign in again.")
                self._guarded(viewer, over)

    def _serve(self, viewer: Viewer, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            viewer.push()
        if events & selectors.EVENT_READ:
            for text in viewer.receive():
                try:
                    wish = requested(text)
                except InvalidInputError as error:
                    viewer.leave(POLICY, str(error))
                else:
                    viewer.book = wish.book
                    self._follow(viewer, wish.follow)

    def _look_after(self, viewer: Viewer, now: float) -> None:
        if viewer.leaving_at is not None and now - viewer.leaving_at > _GOODBYE_S:
            raise LeftError("said goodbye")
        if viewer.unsent and now - viewer.moved_at > BLOCKED_S:
            raise LeftError(f"took nothing for {BLOCKED_S:.0f} s")
        if now - viewer.joined_at > LIFETIME_S:
            viewer.leave(COME_BACK, "This link has come to the end of its hour; open another.")
        viewer.clock_due = viewer.clock_due or now - viewer.clock_at >= CLOCK_S

    def _flow(self, viewer: Viewer) -> None:
        """Send what is due, one thing after another, until the way is full."""
        while not viewer.unsent and (data := viewer.reply() or self._next(viewer)):
            viewer.send(data)
            pace.greeted(viewer)
        self._loop.await_room(viewer.sock, viewer, wanted=bool(viewer.unsent))

    def _next(self, viewer: Viewer) -> bytes | None:
        """What a viewer lacks, with the time behind it; only the time when that is due."""
        if viewer.leaving_at is not None:
            return None
        if (notice := viewer.next_notice()) is not None:
            return viewer.link.bytes_of(notice.frame)
        for exchange, seen in viewer.seen.items():
            latest = self._topics[exchange].latest
            if latest is None or exchange in viewer.awaiting:
                continue
            frame = latest.frame_for(seen, book=viewer.book)
            viewer.seen[exchange] = latest.state.order
            if frame is not None:
                return viewer.link.bytes_of(frame) + self._clock(viewer)
        return self._clock(viewer) if viewer.clock_due else None

    def _clock(self, viewer: Viewer) -> bytes:
        viewer.clock_due, viewer.clock_at = False, time.monotonic()
        followed = frozenset(viewer.seen)
        if followed not in self._clocks:
            ages, problem = self._topics.ages_s(followed), self._topics.problem(followed)
            told = (self._told or clock_message)(ages, problem)
            self._clocks[followed] = Frame(orjson.dumps(told))
        return viewer.link.bytes_of(self._clocks[followed])

    def _drop(self, viewer: Viewer, reason: str) -> None:
        with self._lock:
            if viewer not in self._viewers:
                return
            self._viewers.discard(viewer)
            self._sessions[viewer.session] -= 1
            self._sessions += Counter()
        self._topics.leave(viewer)
        self._watched = self._topics.watched()
        if viewer in self._admitted:
            self._admitted.discard(viewer)
            self._loop.forget(viewer.sock)
        viewer.sock.close()
        _log.debug("A viewer is gone: %s", reason)
