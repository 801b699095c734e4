"""Candles of many instruments, asked for in parallel within the broker's limits."""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kite.candles import Candles
from app.kite.errors import BrokerError, LoginNeededError, TooManyRequestsError

_LOG = logging.getLogger("oi.kite")
KEPT_S = 300.0
"""So long an answer is kept, so that a chain that is tried again asks for nothing twice."""

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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.figures = Figures()
        self._ask = ask
        self._closed = closed
        self._patience = patience or Patience()
        self._clock = clock
        self._kept: dict[int, tuple[float, Wanted, Candles]] = {}
        self._is_waiting = False

    def fetched(self, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, Candles | None]]:
        """Each of them with its candles, about in their order; None is one that failed.

        Ends early once `closed` is set.
        """
        self._forget_what_is_old()
        waiting: deque[Wanted] = deque()
        for each in wanted:
            kept = self._at_hand(each)
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
        self._kept[wanted.token] = (self._clock(), wanted, found)

    def _forget_what_is_old(self) -> None:
        oldest = self._clock() - KEPT_S
        self._kept = {token: kept for token, kept in self._kept.items() if kept[0] > oldest}

    def _at_hand(self, wanted: Wanted) -> Candles | None:
        if wanted.token not in self._kept:
            return None
        _, known, found = self._kept[wanted.token]
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
