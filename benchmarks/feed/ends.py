"""Both ends of a collector under measurement: arriving ticks, committed rows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from app.collector import Collector
from app.collector.assemble import Assembled
from app.collector.storing import Outcome
from app.kite.shared import SharedBoard
from db.market.ticks import ChainSnapshot

Key = tuple[str, datetime]


class TimedBoard(SharedBoard):
    """Remembers when the first packet of each second of the exchange arrived (perf_counter)."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[int, float] = {}

    def decode(self, frame: bytes) -> int:
        arrived = time.perf_counter()
        found = super().decode(frame)
        self.arrived.setdefault(int(self.board.exchange_time.max(initial=0)), arrived)
        return found


@dataclass
class Ends:
    """What was handed to the writer and when it was committed.

    By exchange and instant written: `shown` has the second of the exchange that the chain is from,
    `stored` with how many contracts it held, `commits` when the transaction that wrote it began and
    ended, by perf_counter, and `kept` those among them that are in history: what another has stored
    already, or is to store, is settled without a row. `queue_max` is what waited when a round of
    chains began, `burst_max` whenever one was handed over.
    """

    shown: dict[Key, int] = field(default_factory=dict)
    stored: dict[Key, tuple[int, int]] = field(default_factory=dict)
    commits: dict[Key, tuple[float, float]] = field(default_factory=dict)
    kept: set[Key] = field(default_factory=set)
    queue_max: int = 0
    burst_max: int = 0
    _round: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Begin to count anew; what was handed over stays known."""
        self.commits.clear()
        self.queue_max = self.burst_max = 0

    def lags_ms(self, board: TimedBoard) -> list[float]:
        """From the first packet of each committed chain's second until its commit, ascending."""
        return sorted(
            1000 * (ended - board.arrived[self.shown[key]])
            for key, (_, ended) in list(self.commits.items())
            if self.shown.get(key) in board.arrived
        )

    def watch(self, collector: Collector) -> None:
        """Stand between a collector's parts from now on."""
        assemble, attempt = collector._assembler.assemble, collector._writer._attempt
        outbox = collector._outbox

        def assembled(batch: ChainSnapshot) -> Assembled | None:
            self._count(batch.exchange, len(outbox._at_hand))
            found = assemble(batch)
            if found is not None:
                self._handed_over(batch, found)
            return found

        def attempted(action: Callable[[Connection], Any]) -> tuple[bool, Any]:
            began = time.perf_counter()
            settled = attempt(action)
            snapshot = _written(action)
            if snapshot is not None and settled[1] in (True, Outcome.WRITTEN):
                key = snapshot.exchange, snapshot.timestamp
                self.commits.setdefault(key, (began, time.perf_counter()))
                if settled[1] is Outcome.WRITTEN:
                    self.kept.add(key)
            return settled

        collector._assembler.assemble = assembled  # type: ignore[method-assign]
        collector._writer._attempt = attempted  # type: ignore[method-assign]

    def _count(self, exchange: str, waiting: int) -> None:
        if exchange in self._round:
            self._round.clear()
        if not self._round:
            self.queue_max = max(self.queue_max, waiting)
        self._round.add(exchange)
        self.burst_max = max(self.burst_max, waiting)

    def _handed_over(self, batch: ChainSnapshot, found: Assembled) -> None:
        key = (found.snapshot.exchange, found.snapshot.timestamp)
        second = int(batch.timestamp.timestamp())
        self.shown[key] = second
        if found.is_stored:
            self.stored[key] = (second, len(batch.options))


def _written(action: Callable[[Connection], Any]) -> Any:
    """The chain that an action of the writer writes, if it does."""
    if not isinstance(action, partial):
        return None
    if "waiting" in action.keywords:
        return action.keywords["waiting"].snapshot
    return action.keywords.get("snapshot")
