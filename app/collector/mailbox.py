"""Between the feed's thread and the one that writes: nothing waits for a database there.

Of a live feed only the newest state of each chain is kept; a recording is held back instead, so
that none of it is lost.
"""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable

from app.feeds.base import Feed
from db.market.ticks import ChainSnapshot

_HELD_BACK = 16
_POLL_S = 0.2


class Mailbox:
    """Runs `feed.batches()` in a thread of its own, once and again after a lost connection."""

    def __init__(self, feed: Feed, pause_s: Callable[[int], float]) -> None:
        self._feed = feed
        self._pause_s = pause_s
        self._newest: OrderedDict[str, ChainSnapshot] = OrderedDict()
        self._recorded: queue.Queue[ChainSnapshot] = queue.Queue(maxsize=_HELD_BACK)
        self._arrived = threading.Condition()
        self._stopped = threading.Event()
        self._ended = False
        self._failure: BaseException | None = None
        self.lost_connections = 0
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to read the feed."""
        self._thread.start()

    def take(self, timeout_s: float) -> ChainSnapshot | None:
        """The next chain, or None if none came in time; raises what ended the feed, if anything."""
        taken = self._take_newest(timeout_s) if self._feed.live else self._take_next(timeout_s)
        if taken is None and self._failure is not None:
            raise self._failure
        return taken

    @property
    def is_finished(self) -> bool:
        """Whether the feed has ended and everything of it was taken."""
        return self._ended and not self._newest and self._recorded.empty()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Close the feed and wait for its thread."""
        self._stopped.set()
        self._feed.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._read_until_stopped()
        except BaseException as exc:  # handed to the thread that takes
            self._failure = exc
        finally:
            with self._arrived:
                self._ended = True
                self._arrived.notify_all()

    def _read_until_stopped(self) -> None:
        attempts = 0
        while not self._stopped.is_set():
            try:
                for batch in self._feed.batches():
                    attempts = 0
                    self._put(batch)
                return
            except ConnectionError:
                self.lost_connections += 1
                attempts += 1
                self._stopped.wait(self._pause_s(attempts))

    def _put(self, batch: ChainSnapshot) -> None:
        if self._feed.live:
            with self._arrived:
                self._newest[batch.exchange] = batch
                self._arrived.notify_all()
            return
        while not self._stopped.is_set():
            try:
                return self._recorded.put(batch, timeout=_POLL_S)
            except queue.Full:
                continue

    def _take_newest(self, timeout_s: float) -> ChainSnapshot | None:
        with self._arrived:
            self._arrived.wait_for(lambda: self._newest or self._ended, timeout_s)
            return self._newest.popitem(last=False)[1] if self._newest else None

    def _take_next(self, timeout_s: float) -> ChainSnapshot | None:
        try:
            return self._recorded.get(timeout=0 if self._ended else timeout_s)
        except queue.Empty:
            return None
