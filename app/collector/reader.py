"""Reads a feed in a thread of its own, once and again after a lost connection."""

import logging
import threading
from collections.abc import Callable

from app.feeds.base import Feed
from db.backoff import Backoff
from db.errors import OIError
from db.market.ticks import ChainSnapshot

_LOG = logging.getLogger("oi.collector")


class Reader:
    """Hands each batch of `feed.batches()` on, until it ends or `stop` is called.

    A connection that is lost is made again, and so is a live feed that failed otherwise; what is
    wrong with a recording, or with what a person chose, is kept in `failure` and ends it.
    """

    def __init__(
        self,
        feed: Feed,
        take: Callable[[ChainSnapshot], None],
        ended: Callable[[], None],
        pauses: Backoff | None = None,
    ) -> None:
        self._feed = feed
        self._take = take
        self._ended = ended
        self._pauses = pauses or Backoff(0.5, 30.0)
        self._stopped = threading.Event()
        self.failure: BaseException | None = None
        self.lost_connections = 0
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to read the feed."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Close the feed and wait for its thread."""
        self._stopped.set()
        self._feed.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._stopped.is_set() and not self._is_read():
                self.lost_connections += 1
                self._stopped.wait(self._pauses.next_s())
        except BaseException as exc:  # handed to the thread that started this one
            self.failure = exc
        finally:
            self._ended()

    def _is_read(self) -> bool:
        """Whether the feed has come to its end; False after a failure that another try may heal."""
        try:
            for batch in self._feed.batches():
                self._pauses.reset()
                self._take(batch)
                if self._stopped.is_set():
                    break
        except ConnectionError as exc:
            _LOG.warning("the feed is lost: %s", exc)
            return False
        except OIError:
            raise
        except Exception:
            if not self._feed.live:
                raise
            _LOG.exception("the feed failed; trying again")
            return False
        return True
