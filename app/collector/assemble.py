"""From a feed's batches to what is written: checked, on schedule, with everything computed.

Nothing here asks a database or a disk for anything.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.collector.counts import Counts
from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from app.collector.past import Past
from app.collector.schedule import Schedule
from app.feeds.validation import checked
from db.market.clock import IST, market_now
from db.market.ticks import ChainSnapshot, EnrichedSnapshot, Source

_LOG = logging.getLogger("oi.collector")


@dataclass(frozen=True, slots=True)
class Assembled:
    """A chain that is ready to be written: into history too, or to the live edge only."""

    snapshot: EnrichedSnapshot
    is_stored: bool


class Assembler:
    """Turns batches into chains with everything computed, one after the other.

    A batch that cannot be computed is counted by reason and ends nothing.
    """

    def __init__(
        self,
        counts: Counts,
        past: Past,
        *,
        is_live: bool,
        source: Source,
        interval_s: int,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self._counts = counts
        self._past = past
        self._is_live = is_live
        self._source: Source = source
        self._schedule = Schedule(interval_s)
        self._clock = _LatestClock(now)
        self._memories: dict[str, Memory] = {}
        self._told: set[str] = set()

    def assemble(self, batch: ChainSnapshot) -> Assembled | None:
        """What is to be written of a batch, if anything."""
        try:
            return self._assembled(batch)
        except Exception as exc:  # whatever is wrong with one chain, others are to be shown
            self._fail(batch, exc)
            return None

    def _assembled(self, batch: ChainSnapshot) -> Assembled | None:
        sound, faults = checked(batch, self._clock.now)
        self._counts.rejected.update(faults)
        if sound is None:
            return None
        placed = replace(sound, timestamp=sound.timestamp.astimezone(IST))
        memory = self._memory(placed)
        due = self._schedule.due(placed) if self._is_live else placed
        if due is None:
            state = enriched(placed, memory, with_features=False, source=self._source)
            return Assembled(state, is_stored=False)
        snapshot = enriched(due, memory, source=self._source)
        memory.remember(moment_of(due))
        return Assembled(snapshot, is_stored=True)

    def _memory(self, batch: ChainSnapshot) -> Memory:
        """Past moments of the chain; what history holds of them comes when it is known.

        A recording waits for that; a live feed cannot.
        """
        exchange = batch.exchange
        memory = self._memories.get(exchange)
        if memory is None:
            memory = self._memories[exchange] = Memory()
            self._past.ask(exchange, batch.timestamp)
            if not self._is_live:
                self._past.wait(exchange)
        stored = self._past.take(exchange)
        if stored is not None:
            memory.learn(stored)
        memory.add(self._past.take_added(exchange))
        return memory

    def _fail(self, batch: ChainSnapshot, exc: Exception) -> None:
        reason = f"cannot be computed: {type(exc).__name__}"
        self._counts.rejected[reason] += 1
        if reason not in self._told:
            _LOG.error("a chain of %s cannot be computed", batch.exchange, exc_info=exc)
        self._told.add(reason)


class _LatestClock:
    """The later of the machine's clock and what it was at first plus the time gone by since.

    So that a clock that is set back does not make the present look like the future.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._first, self._began_s = now(), time.monotonic()

    def now(self) -> datetime:
        passed = timedelta(seconds=time.monotonic() - self._began_s)
        return max(self._now(), self._first + passed)
