"""The collector: one process that turns a feed into history and the live edge."""

import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from app.collector.assemble import Assembler
from app.collector.counts import Counts
from app.collector.guest import Guest
from app.collector.leadership import Leadership, Leading
from app.collector.outbox import Outbox
from app.collector.past import Past
from app.collector.reader import Reader
from app.collector.signalling import SignalOptions, SignalWatch
from app.collector.spool import Spool
from app.collector.telling import Telling
from app.collector.watchdog import Watchdog
from app.collector.writer import Writer
from app.desk.alerts.looking import Rung
from app.desk.alerts.watching import AlertWatch
from app.desk.paper.watching import RestingWatch
from app.feeds.base import Feed, FeedState
from db.market.clock import market_now
from db.market.limits import FEED_SILENT_S
from db.market.ticks import ChainSnapshot

_LOOK_EVERY_S = 0.5
_FLOWING = frozenset({"live", "auction", "simulated"})
SILENT = "The feed is connected and says nothing new; it is asked to connect anew."


@dataclass(frozen=True, slots=True)
class CollectorOptions:
    """How a collector works; `spool` is the folder where snapshots outlive an outage.

    `ring` is told of each alert that has fired, once it is in the log; it must not wait.
    """

    snapshot_interval_s: int = 30
    spool: Path = Path(".oi/spool")
    silent_s: float = FEED_SILENT_S
    ring: Callable[[Rung], None] = lambda rung: None
    signals: SignalOptions = field(default_factory=SignalOptions)


class Collector:
    """Feed → assembler → outbox → writer, until the feed ends or `stop()` is called.

    The feed's thread assembles, a second one writes, a third fills the spool; the one that runs
    this watches the feed. None waits for another but where a recording is held back. Beside a live
    feed one more watches alerts, one looks after paper orders that rest, and one tells signals.
    """

    def __init__(
        self,
        engine: Engine,
        feed: Feed,
        options: CollectorOptions | None = None,
        now: Callable[[], datetime] = market_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        chosen = options or CollectorOptions()
        self.counts = Counts()
        self._feed = feed
        self._past = Past()
        self._outbox = Outbox(self.counts, Spool(chosen.spool) if feed.live else None)
        leadership: Leading = Leadership(chosen.snapshot_interval_s) if feed.live else Guest()
        self._leadership = leadership
        # of all that threads share, putting into this is what a signal handler may do
        self._ends: queue.SimpleQueue[None] = queue.SimpleQueue()
        alerts = AlertWatch(engine, leadership.holder, chosen.ring)
        signals = SignalWatch(engine, chosen.signals, now)
        self._desk = (alerts, RestingWatch(engine), signals) if feed.live else ()
        self._writer = Writer(
            engine,
            self._outbox,
            self._past,
            self.counts,
            leadership,
            Telling(self._states, leadership.holder),
            is_live=feed.live,
            ended=self.stop,
            committed=alerts.saw if feed.live else lambda _: None,
            stored=signals.saw if feed.live else lambda _: None,
        )
        self._aside: str | None = None
        self._assembler = Assembler(
            self.counts,
            self._past,
            is_live=feed.live,
            source=feed.source,
            interval_s=chosen.snapshot_interval_s,
            now=now,
        )
        self._watchdog = Watchdog(
            feed.reconnect, feed.source, chosen.silent_s, now=now, clock=clock
        )
        self._reader = Reader(feed, self._handle, self._outbox.end)

    def run(self) -> Counts:
        """Collect until the end; raises what ended the feed, or the writer before its time."""
        self._outbox.start()
        self._writer.start()
        for watch in self._desk:
            watch.start()
        self._reader.start()
        try:
            while not self._is_ended():
                if self._feed.live:
                    self._watchdog.look()
        finally:
            self._end()
        failure = self._writer.failure or self._reader.failure
        if failure is not None:
            raise failure
        return self.counts

    @property
    def past(self) -> Past:
        """Where to tell of what has become known of the past while this collects."""
        return self._past

    def say(self, sentence: str | None) -> None:
        """Have it told beside the feed's state, unless that has a sentence of its own."""
        self._aside = sentence

    def leads(self, exchange: str) -> bool:
        """Whether this collector writes a key just now; may be asked by any thread."""
        return self._leadership.leads(exchange)

    def stop(self) -> None:
        """End after the write that is under way; may be called from a signal handler."""
        self._ends.put(None)

    def _handle(self, batch: ChainSnapshot) -> None:
        self._watchdog.saw(batch.exchange, batch.timestamp)
        found = self._assembler.assemble(batch)
        if found is None:
            return
        if found.is_stored:
            self._outbox.store(found.snapshot)
        else:
            self._outbox.show(found.snapshot)

    def _states(self) -> Mapping[str, FeedState]:
        """What the feed says of itself, unless it is noticed to say nothing."""
        return {key: self._told(each) for key, each in self._feed.states().items()}

    def _told(self, state: FeedState) -> FeedState:
        if self._watchdog.is_stale and state.word in _FLOWING:
            return FeedState("silent", SILENT)
        return FeedState(state.word, state.sentence or self._aside)

    def _is_ended(self) -> bool:
        try:
            self._ends.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            return False
        return True

    def _end(self) -> None:
        self._outbox.stop()
        self._past.close()
        self._reader.stop()
        self._writer.join()
        for watch in self._desk:
            watch.close()
        self._outbox.close()
        self._sum_up()

    def _sum_up(self) -> None:
        self.counts.rejected.update(self._feed.rejected)
        self.counts.rejected_lines = self._feed.rejected.lines
        self.counts.lost_connections += self._reader.lost_connections
        self.counts.stale_periods = self._watchdog.stale_periods
