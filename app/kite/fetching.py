"""Candles of many instruments, asked for in parallel within the broker's limits."""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.cache import Cache, Region
from app.kite.candles import Candles
from app.kite.errors import BrokerError, LoginNeededError, TooManyRequestsError
from db.market.calendar import LONGEST_CLOSURE, session
from db.market.clock import IST, market_now

_LOG = logging.getLogger("oi.kite")
KEPT_S = 300.0
"""So long an answer is kept, so that a chain that is tried again asks for nothing twice.

While the market is closed it is kept until the market opens: nothing more will come of the day.
"""

_WORKERS = 4
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request: the candles of an instrument that begin from `start` to `end` (aware)."""

    token: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until a login is looked for again, and until a broker that asks to wait is asked."""

    login_s: float = 1.0
    too_many_s: float = 5.0


@dataclass(slots=True)
class Figures:
    """Requests that were answered, answers that were at hand, and instruments that failed."""

    answered: int = 0
    kept: int = 0
    failed: int = 0


Ask = Callable[[Wanted], Candles]
_Kept = tuple[Wanted, Candles]


class Fetcher:
    """Asks by `ask` with a few threads until `closed` is set.

    While nobody is logged in, or the broker asks to wait, it waits; an instrument that fails
    otherwise is counted and has no candles. For one caller at a time.
    """

    def __init__(
        self,
        ask: Ask,
        closed: threading.Event,
        patience: Patience | None = None,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self.figures = Figures()
        self._ask = ask
        self._closed = closed
        self._patience = patience or Patience()
        self._now = now
        self._kept: Region[_Kept] = Cache().values("candles", _weight)
        self._is_waiting = False

    def fetched(self, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, Candles | None]]:
        """Each of them with its candles, about in their order; None is one that failed.

        Ends early once `closed` is set.
        """
        keep_s = max(KEPT_S, seconds_closed(self._now()))
        waiting: deque[Wanted] = deque()
        for each in wanted:
            kept = self._at_hand(each, keep_s)
            if kept is None:
                waiting.append(each)
            else:
                self.figures.kept += 1
                yield each, kept
        left, answers = len(waiting), queue.SimpleQueue[tuple[Wanted, Candles | None]]()
        for _ in range(min(_WORKERS, left)):
            # what waits for the broker's answer must not hold up the end of the process
            threading.Thread(
                target=self._work, args=(waiting, answers), name="candles", daemon=True
            ).start()
        while left and not self._closed.is_set():
            try:
                each, found = answers.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            left -= 1
            self._count(each, found)
            yield each, found

    def _count(self, wanted: Wanted, found: Candles | None) -> None:
        if found is None:
            self.figures.failed += 1
            return
        self.figures.answered += 1
        self._kept.keep(wanted.token, (wanted, found))

    def _at_hand(self, wanted: Wanted, keep_s: float) -> Candles | None:
        kept = self._kept.known(wanted.token, keep_s)
        if kept is None:
            return None
        known, found = kept
        return found if known.start <= wanted.start and known.end >= wanted.end else None

    def _work(
        self,
        waiting: deque[Wanted],
        answers: "queue.SimpleQueue[tuple[Wanted, Candles | None]]",
    ) -> None:
        while not self._closed.is_set():
            try:
                wanted = waiting.popleft()
            except IndexError:
                return
            answers.put((wanted, self._answer(wanted)))

    def _answer(self, wanted: Wanted) -> Candles | None:
        while not self._closed.is_set():
            try:
                found = self._ask(wanted)
            except LoginNeededError:
                self._wait("a login", self._patience.login_s)
            except TooManyRequestsError:
                self._wait("the broker, which is asked too much", self._patience.too_many_s)
            except BrokerError as error:
                _LOG.warning("no candles of instrument %d: %s", wanted.token, error)
                return None
            except Exception as error:  # one instrument is no reason to leave all others
                _LOG.error("no candles of instrument %d", wanted.token, exc_info=error)
                return None
            else:
                self._is_waiting = False
                return found
        return None

    def _wait(self, what: str, pause_s: float) -> None:
        if not self._is_waiting:
            _LOG.warning("candles of the past wait for %s", what)
        self._is_waiting = True
        self._closed.wait(pause_s)


def seconds_closed(now: datetime) -> float:
    """How long the market has been closed at a moment; 0 during a session."""
    local = now.astimezone(IST)
    for days in range(LONGEST_CLOSURE.days):
        found = session((local - timedelta(days=days)).date())
        if found is not None and local >= found.opens:
            return max(0.0, (local - found.closes).total_seconds())
    return 0.0


def _weight(kept: _Kept) -> int:
    _, found = kept
    return sum(column.nbytes for column in (found.end, found.close, found.volume, found.oi))
