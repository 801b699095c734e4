"""A collector at work in a thread, and what it has stored."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, text

from app.collector import Collector, CollectorOptions, Counts
from app.feeds.base import Feed
from tests.collector.chains import AT
from tests.support.waiting import eventually


class Running:
    """A collector whose wall clock stands, and whose watchdog's clock a test moves."""

    def __init__(self, engine: Engine, feed: Feed, spool: Path) -> None:
        self.seconds = 0.0
        self.failure: BaseException | None = None
        self.collector = Collector(
            engine,
            feed,
            CollectorOptions(spool=spool),
            now=lambda: AT,
            clock=lambda: self.seconds,
        )
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Counts:
        return self.collector.counts

    def until(self, is_true: Callable[[], object]) -> None:
        eventually(lambda: is_true() or not self._thread.is_alive())
        assert is_true(), f"the collector has ended: {self.failure!r}"

    def stop(self) -> Counts:
        self.collector.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()
        if self.failure is not None:
            raise self.failure
        return self.counts

    def _run(self) -> None:
        try:
            self.collector.run()
        except BaseException as exc:
            self.failure = exc


def stored(engine: Engine, exchange: str = "NSE") -> list[datetime]:
    """The instants (naive) that history holds, ascending."""
    statement = text(
        "SELECT DISTINCT timestamp FROM option_chain_snapshots WHERE exchange = :e ORDER BY 1"
    )
    with engine.connect() as connection:
        return list(connection.scalars(statement, {"e": exchange}))


def shown(engine: Engine, exchange: str = "NSE") -> datetime | None:
    """The instant (naive) of the chain at the live edge."""
    statement = text("SELECT timestamp FROM chain_summary WHERE exchange = :e")
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(statement, {"e": exchange})
    return found
