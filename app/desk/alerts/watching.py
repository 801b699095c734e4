"""Watches the rules beside whoever writes chains, on a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from app.desk.alerts.looking import Looking, Rung
from app.trouble import Trouble
from db.backoff import Backoff
from db.market.clock import market_now

_LOG = logging.getLogger("oi.alerts")
# of feeds, which fall silent without a word, and of rules that were made meanwhile
_LOOK_EVERY_S = 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 5.0


class AlertWatch:
    """Judges each state of a chain soon after it is written, and once a second what feeds are at.

    `saw` only leaves a word, the newest of each exchange: nobody waits for what is done here, and
    what fails here fails alone. `ring` is told what has fired, once that is committed.
    """

    def __init__(
        self,
        engine: Engine,
        holder: str,
        ring: Callable[[Rung], None] = lambda _: None,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self._looking = Looking(engine, holder)
        self._ring = ring
        self._now = now
        self._changed = threading.Condition()
        self._seen: set[str] = set()
        self._is_closed = False
        self._has_rules = True
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._trouble = Trouble(_LOG, "alerts cannot be watched", "alerts are watched again")
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def saw(self, exchange: str) -> None:
        """A newer state of that chain has been committed; never waits for a look."""
        with self._changed:
            self._seen.add(exchange)
            self._changed.notify()

    def close(self, timeout_s: float = 2.0) -> None:
        """End after the look that is under way; what was seen by now is looked at first."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        next_at = time.monotonic()
        while True:
            seen, is_last = self._awaited(next_at)
            is_due = time.monotonic() >= next_at
            if is_due:
                next_at = time.monotonic() + _LOOK_EVERY_S
            if seen or is_due:
                pause_s = self._look(seen, at_feeds=is_due)
                if pause_s and not is_last:
                    self._rest(seen, pause_s)
            if is_last:
                return

    def _awaited(self, until: float) -> tuple[set[str], bool]:
        """What was seen by then or, where there are rules, before; and whether this is the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or (self._has_rules and self._seen),
                max(0.0, until - time.monotonic()),
            )
            seen, self._seen = self._seen, set()
            return seen, self._is_closed

    def _look(self, seen: set[str], *, at_feeds: bool) -> float:
        """Look, and say what rings; seconds to wait after a failure, else 0."""
        try:
            self._has_rules, rung = self._looking.look(seen, self._now(), at_feeds=at_feeds)
            for each in rung:
                self._ring(each)
        except Exception as error:  # a rule may fail, and the database: those who write go on
            self._trouble.met(error)
            return self._pauses.next_s()
        self._trouble.over()
        self._pauses.reset()
        return 0.0

    def _rest(self, seen: set[str], pause_s: float) -> None:
        with self._changed:
            # what could not be looked at is looked at when the database is back
            self._seen |= seen
            self._changed.wait_for(lambda: self._is_closed, pause_s)
