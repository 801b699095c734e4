"""Between assembling and writing: what computes waits neither for a database nor for a disk."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.collector.counts import Counts
from app.collector.spool import Spool
from app.collector.standby import Standby
from db.backoff import Backoff
from db.market.ticks import EnrichedSnapshot

_LOG = logging.getLogger("oi.collector")
AT_HAND = 8
"""Snapshots of a live feed that wait in memory; those before them are moved to the spool."""

MOST_AT_HAND = 240
"""So many when the spool takes none: half an hour of four chains, some 20 MB."""

HELD_BACK = 16
"""Snapshots of a recording that wait; then the recording does."""


def _every(_exchange: str) -> bool:
    return True


@dataclass(slots=True, eq=False)
class Waiting:
    """A snapshot that is to be stored, and its file once it is in the spool.

    A doubtful one was held while another collector wrote its chain, which may have stored it.
    """

    snapshot: EnrichedSnapshot
    path: Path | None = None
    is_doubtful: bool = False
    is_stored: bool = False
    is_unspooled: bool = False


class Outbox:
    """Snapshots in the order of time, and the newest state of each chain for the live edge.

    With a spool (live feeds) a thread of its own moves snapshots there when more than `AT_HAND`
    wait, all of them while the database is away and at the end; nothing ever waits for room, and
    beyond `MOST_AT_HAND` the oldest is dropped and counted. Without (recordings) `store` waits for
    room instead, so that nothing is lost.
    """

    def __init__(self, counts: Counts, spool: Spool | None = None) -> None:
        self._counts = counts
        self._spool = spool
        self._at_hand: deque[Waiting] = deque()
        self._edges: dict[str, EnrichedSnapshot] = {}
        self._standby = Standby()
        self._heard: dict[str, float] = {}
        self._taken: Waiting | None = None
        self._changed = threading.Condition()
        self._has_news = False
        self._is_away = False
        self._is_ended = False
        self._is_stopped = False
        self._is_spool_broken = False
        self._dropped = 0
        self._spooler = threading.Thread(target=self._keep_spooling, name="spool", daemon=True)

    def start(self) -> None:
        """Begin to use the spool, if there is one."""
        if self._spool is not None:
            self._spooler.start()

    # for what assembles

    def store(self, snapshot: EnrichedSnapshot) -> None:
        """Have a snapshot stored in history and shown."""
        with self._changed:
            if self._spool is None:
                self._changed.wait_for(
                    lambda: len(self._at_hand) < HELD_BACK or self._is_stopped, timeout=None
                )
            self._heard[snapshot.exchange] = time.monotonic()
            if snapshot.exchange in self._standby and not self._is_away:
                self._standby.hold(snapshot)
                return
            self._at_hand.append(Waiting(snapshot))
            if len(self._at_hand) > MOST_AT_HAND:
                del self._at_hand[1 if self._at_hand[0] is self._taken else 0]
                self._dropped += 1
            self._tell()

    def show(self, snapshot: EnrichedSnapshot) -> None:
        """Have a state shown at the live edge, instead of any before it that still waits."""
        with self._changed:
            self._heard[snapshot.exchange] = time.monotonic()
            self._edges[snapshot.exchange] = snapshot
            self._tell()

    def end(self) -> None:
        """Say that nothing more will come."""
        with self._changed:
            self._is_ended = True
            self._tell()

    # for what writes

    def wait(self, timeout_s: float) -> None:
        """Wait for something new to write, or for the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._has_news or self._is_ended or self._is_stopped, timeout_s
            )
            self._has_news = False

    def pause(self, timeout_s: float) -> None:
        """Wait, whatever comes, but no longer than until `stop`."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped, timeout_s)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to write, nor will be: all was taken, or `stop` was called.

        What is in the spool while the database is away is for the next collector.
        """
        with self._changed:
            if self._is_stopped or not self._is_ended:
                return self._is_stopped
            is_kept = self._spool is not None and self._is_away
            return is_kept or all(exchange in self._standby for exchange in self._left())

    def heard(self) -> Mapping[str, float]:
        """When something of each exchange key came last, by the monotonic clock."""
        with self._changed:
            return dict(self._heard)

    def next_snapshot(self, is_wanted: Callable[[str], bool] = _every) -> Waiting | None:
        """The oldest snapshot of a wanted key that waits; it goes on waiting until it is `done`."""
        if self._spool is not None and (found := self._spool.oldest(is_wanted)):
            self._taken = Waiting(found[1], found[0])
        else:
            with self._changed:
                wanted = (each for each in self._at_hand if is_wanted(each.snapshot.exchange))
                self._taken = next(wanted, None)
        return self._taken

    def done(self, waiting: Waiting) -> None:
        """Forget a snapshot: it is committed, or refused for good."""
        with self._changed:
            waiting.is_stored = True
            if waiting in self._at_hand:
                self._at_hand.remove(waiting)
            self._taken = None
            self._changed.notify_all()
        if waiting.path is not None and self._spool is not None:
            self._spool.done(waiting.path)

    def next_edge(self, is_due: Callable[[str], bool]) -> EnrichedSnapshot | None:
        """Take the state of a chain whose turn at the live edge it is."""
        with self._changed:
            key = next((exchange for exchange in self._edges if is_due(exchange)), None)
            return None if key is None else self._edges.pop(key)

    def keep_edge(self, snapshot: EnrichedSnapshot) -> None:
        """Put back a state that could not be shown, unless a newer one waits."""
        with self._changed:
            self._edges.setdefault(snapshot.exchange, snapshot)

    def is_clear_before(self, exchange: str, at: datetime) -> bool:
        """Whether no snapshot of that key and an earlier moment waits in the spool."""
        return self._spool is None or not self._spool.holds_before(exchange, at)

    def stand_by(self, exchange: str) -> None:
        """From now on hold that key's snapshots instead of having them stored."""
        with self._changed:
            self._standby.begin(exchange)

    def lead(self, exchange: str) -> None:
        """Have that key's snapshots stored from now on, and what was held of it."""
        with self._changed:
            self._resume(self._standby.end(exchange))

    def stands_by(self, exchange: str) -> bool:
        """Whether snapshots of that key are held."""
        with self._changed:
            return exchange in self._standby

    def database_is(self, *, away: bool) -> None:
        """Say whether the database can be written to; while it cannot, all goes to the spool.

        What is held too: of a leader that cannot be seen nobody knows what it stores.
        """
        with self._changed:
            self._is_away = away
            if away:
                self._resume(self._standby.empty())
            self._changed.notify_all()

    # for the one who runs both

    def stop(self) -> None:
        """Release everybody who waits here; may be called more than once."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop, let the spool take what is left, and add up what became of it."""
        self.stop()
        if self._spool is not None and self._spooler.is_alive():
            self._spooler.join(timeout_s)
        if self._spool is None:
            return
        # what neither database nor spool took ends here
        self._counts.waiting = len(self._spool)
        self._counts.dropped = self._dropped + self._spool.dropped + len(self._at_hand)
        self._counts.unreadable = self._spool.unreadable

    def _resume(self, held: Iterable[EnrichedSnapshot]) -> None:
        self._at_hand.extend(Waiting(each, is_doubtful=True) for each in held)
        self._tell()

    def _left(self) -> set[str]:
        """The keys of which something waits."""
        spooled = self._spool.exchanges() if self._spool is not None else ()
        return {*(each.snapshot.exchange for each in self._at_hand), *self._edges, *spooled}

    def _tell(self) -> None:
        self._has_news = True
        self._changed.notify_all()

    def _surplus(self) -> bool:
        kept = 0 if self._is_away or self._is_stopped else AT_HAND
        return len(self._at_hand) > kept

    def _keep_spooling(self) -> None:
        pauses = Backoff(1.0, 30.0)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._surplus() or self._is_stopped)
                if not self._surplus():
                    return
                waiting, is_last_try = self._at_hand[0], self._is_stopped
            if self._move(waiting):
                pauses.reset()
            elif is_last_try:
                return
            else:
                self.pause(pauses.next_s())

    def _move(self, waiting: Waiting) -> bool:
        """Put a snapshot into the spool; False when that takes none, which is said once."""
        assert self._spool is not None  # noqa: S101 - the thread runs for a spool only
        try:
            path = self._spool.add(waiting.snapshot)
        except OSError as exc:
            self._counts.unspooled += not waiting.is_unspooled
            waiting.is_unspooled = True
            if not self._is_spool_broken:
                _LOG.error("the spool takes no snapshot; they wait in memory: %s", exc)
            self._is_spool_broken = True
            return False
        self._is_spool_broken = False
        self._counts.spooled += 1
        with self._changed:
            waiting.path = path
            if waiting in self._at_hand:
                self._at_hand.remove(waiting)
            is_stored = waiting.is_stored
        if is_stored:
            self._spool.done(path)
        return True
