"""The board that all connections decode into and the feed reads from."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.kite.board import Board
from db.market.limits import FUTURE_TOLERANCE_S


@dataclass(slots=True)
class Figures:
    """What the connections have seen; `refused` counts by reason what could not be used."""

    frames: int = 0
    packets: int = 0
    reconnects: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class SharedBoard:
    """A board behind a lock; `now_s` is the clock that no exchange time may run ahead of."""

    def __init__(self, now_s: Callable[[], float] = time.time) -> None:
        self.lock = threading.Lock()
        self.board = Board()
        self.figures = Figures()
        self._news = threading.Condition(self.lock)
        self._now_s = now_s

    def widen(self, tokens: Sequence[int]) -> None:
        """Hold exactly these instruments, keeping what is known of them."""
        with self.lock:
            self.board = self.board.with_tokens(tokens)

    def decode(self, frame: bytes) -> int:
        """Take in a frame; how many of its packets are of instruments that are traded.

        An index is computed, not traded: it says nothing of whether trades are told.
        """
        latest = int(self._now_s() + FUTURE_TOLERANCE_S)
        with self.lock:
            decoded = self.board.decode(frame, latest)
            self.figures.frames += 1
            self.figures.packets += decoded.taken
            self.figures.refused.update(decoded.refused)
            if decoded.taken:
                self._news.notify_all()
        return decoded.traded

    def wait_for_news(self, packets: int, timeout_s: float) -> int:
        """Wait until another number of packets has been taken in; how many they are now."""
        with self.lock:
            self._news.wait_for(lambda: self.figures.packets != packets, timeout_s)
            return self.figures.packets

    def count(self, reason: str) -> None:
        """Count something that could not be used."""
        with self.lock:
            self.figures.refused[reason] += 1

    def reconnected(self) -> None:
        """Count a connection that was lost, or could not be made."""
        with self.lock:
            self.figures.reconnects += 1
