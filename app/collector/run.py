"""The collector: one process that turns a feed into history and the live edge."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from app.collector.counts import Counts
from app.collector.enrich import enriched, moment_of
from app.collector.mailbox import Mailbox
from app.collector.memory import SPAN, Memory, Moment
from app.collector.schedule import Schedule
from app.collector.spool import Spool
from app.collector.watchdog import STALE_AFTER, Watchdog
from app.collector.writer import Writer, pause_s
from app.feeds.base import Feed
from app.feeds.validation import checked
from db.market.clock import market_now
from db.market.ticks import ChainSnapshot

_TAKE_TIMEOUT_S = 0.5


@dataclass(frozen=True, slots=True)
class CollectorOptions:
    """How a collector works; `spool` is the folder where snapshots outlive an outage."""

    snapshot_interval_s: int = 30
    spool: Path = Path(".oi/spool")
    stale_after: timedelta = STALE_AFTER


class Collector:
    """Feeds → validation → computation → database, until the feed ends or `stop()` is called."""

    def __init__(
        self,
        engine: Engine,
        feed: Feed,
        options: CollectorOptions | None = None,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        chosen = options or CollectorOptions()
        self.counts = Counts()
        self._feed = feed
        self._stopped = threading.Event()
        self._spool = Spool(chosen.spool) if feed.live else None
        self._writer = Writer(engine, self.counts, self._stopped, self._spool)
        self._mailbox = Mailbox(feed, pause_s)
        self._schedule = Schedule(chosen.snapshot_interval_s)
        self._watchdog = Watchdog(now, feed.reconnect, chosen.stale_after)
        self._memories: dict[str, Memory] = {}

    def run(self) -> Counts:
        """Collect until the end; raises what ended the feed, or NotMigratedError."""
        self._mailbox.start()
        try:
            while not self._stopped.is_set():
                batch = self._mailbox.take(_TAKE_TIMEOUT_S)
                if batch is not None:
                    self._handle(batch)
                elif self._mailbox.is_finished:
                    break
                self._writer.tend()
                if self._feed.live:
                    self._watchdog.look()
        finally:
            self._mailbox.stop()
            self._sum_up()
        return self.counts

    def stop(self) -> None:
        """End after the write that is under way; may be called from a signal handler."""
        self._stopped.set()

    def _handle(self, batch: ChainSnapshot) -> None:
        self._watchdog.saw(batch.timestamp)
        sound, faults = checked(batch)
        self.counts.rejected.update(faults)
        if sound is None:
            return
        memory = self._memory(sound)
        due = self._schedule.due(sound) if self._feed.live else sound
        if due is None:
            self._writer.show(enriched(sound, memory, with_features=False))
            return
        self._writer.store(enriched(due, memory))
        memory.remember(moment_of(due))

    def _memory(self, batch: ChainSnapshot) -> Memory:
        """Past moments of the chain, at first those that the database holds."""
        known = self._memories.get(batch.exchange)
        if known is not None:
            return known
        stored = self._writer.read(lambda connection: _past(connection, batch))
        if stored is None:
            return Memory()
        return self._memories.setdefault(batch.exchange, Memory(stored))

    def _sum_up(self) -> None:
        self.counts.rejected.update(self._feed.rejected)
        self.counts.lost_connections += self._mailbox.lost_connections
        self.counts.stale_periods = self._watchdog.stale_periods
        if self._spool is not None:
            self.counts.waiting = len(self._spool)
            self.counts.dropped = self._spool.dropped


def _past(connection: Connection, batch: ChainSnapshot) -> tuple[Moment, ...]:
    from db.queries.recording import stored_chain
    from db.queries.snapshots import instants

    exchange, at = batch.exchange, batch.timestamp
    earlier = instants(connection, exchange, at - SPAN, at)
    return tuple(moment_of(stored_chain(connection, exchange, each)) for each in earlier)
