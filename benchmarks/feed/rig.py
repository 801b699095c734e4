"""A stand-in in a process of its own, and a collector of ours in this one that follows it."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import orjson
from sqlalchemy import Engine

from app.collector import Collector, CollectorOptions
from app.feeds.kite import KiteFeed
from app.kite.catalogue import Catalogue
from app.kite.client import BrokerClient
from app.kite.login import login_address
from app.kite.standin.clock import MarketClock
from app.kite.standin.sessions import Account
from app.kite.standin.visit import visited
from app.kite.subscriptions import Subscriptions
from app.kite.ticker import Credentials
from benchmarks.errors import BenchmarkError
from benchmarks.feed.ends import Ends, TimedBoard
from benchmarks.timing.waiting import awaited
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.ticks import Source

SEED = 7
_PATIENCE_S = 60.0
Chosen = dict[str, str | int | float]


@dataclass
class Broker:
    """The stand-in as a client sees it; logs in again when it is told to."""

    address: str
    process: "subprocess.Popen[str]"
    _known: Credentials | None = None

    @property
    def ws_url(self) -> str:
        """Where its ticker is."""
        return f"ws://{self.address}"

    def log_in(self) -> Credentials:
        """Begin a new session, which ends the one before."""
        account, version = Account(), self._known.version if self._known else 0
        client = BrokerClient(account.api_key, root=f"http://{self.address}")
        page = login_address(account.api_key, f"http://{self.address}/connect/login")
        _, access_token = client.exchange(visited(page), account.api_secret)
        self._known = Credentials(account.api_key, access_token, version + 1)
        return self._known

    def credentials(self) -> Credentials:
        """The newest session's, which may have ended."""
        return self._known or self.log_in()

    def instruments(self) -> str:
        """The dump of instruments."""
        known = self.credentials()
        client = BrokerClient(known.api_key, known.access_token, f"http://{self.address}")
        return client.instruments()

    def stop(self) -> None:
        """End it; its journal is whole then."""
        self.process.terminate()
        self.process.wait()

    def fault(self, name: str, **how: object) -> None:
        """Let something go wrong there."""
        from urllib.request import Request, urlopen

        body = orjson.dumps({"fault": name, **how})
        request = Request(f"http://{self.address}/standin/fault", body)
        urlopen(request, timeout=10).close()  # noqa: S310


@contextmanager
def stand_in(start: datetime, speed: float, journal: Path, *words: str) -> Iterator[Broker]:
    """A stand-in that ticks twice a second and writes down what it sends, until the block ends."""
    options: Chosen = {
        "port": 0,
        "seed": SEED,
        "start": f"{start.astimezone(IST):%Y-%m-%dT%H:%M:%S}",
        "speed": speed,
        "interval": 0.5,
        "journal": str(journal),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(  # noqa: S603  # our own interpreter
        [sys.executable, "-m", "app.kite.standin", *arguments, "--unlimited", *words],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://([\d.:]+)", said)
            if found is None:
                raise BenchmarkError("The stand-in did not start.")
            yield Broker(found[1], process)
        finally:
            process.terminate()


@dataclass
class Rig:
    """A collector of all chains, with both its ends watched; `started()` runs it."""

    engine: Engine
    broker: Broker
    folder: Path
    clock: MarketClock
    source: Source = "simulated"
    interval_s: float = 1.0
    board: TimedBoard = field(default_factory=TimedBoard)
    ends: Ends = field(default_factory=Ends)

    def __post_init__(self) -> None:
        self.broker.log_in()
        self.catalogue = Catalogue(
            self.broker.instruments, self.folder, EXCHANGES.values(), run=self._run
        )
        self.subscriptions = Subscriptions(
            self.broker.ws_url, self.broker.credentials, self._trades, shared=self.board
        )
        feed = KiteFeed(
            self.subscriptions,
            self.catalogue,
            source=self.source,
            interval_s=self.interval_s,
            now=self.clock,
        )
        options = CollectorOptions(spool=self.folder / "spool")
        self.collector = Collector(self.engine, feed, options, self.clock)
        self.ends.watch(self.collector)

    @contextmanager
    def started(self) -> Iterator[None]:
        """Collect until the block ends; raises what ended the collector before."""
        failed: list[BaseException] = []

        def run() -> None:
            try:
                self.collector.run()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, name="collector")
        thread.start()
        try:
            yield
        finally:
            self.collector.stop()
            thread.join()
            # whatever was waited for in vain, this is why
            if failed:
                raise failed[0]

    def drain(self) -> None:
        """Wait until what the feed has brought is committed, so that only then the clock stops.

        However long that takes on a busy machine, unless nothing is committed any more.
        """
        outbox, counts = self.collector._outbox, self.collector.counts

        def goes_on(from_: int) -> bool:
            return counts.snapshots > from_ or not outbox._left()

        while outbox._left():
            holds = partial(goes_on, counts.snapshots)
            awaited(holds, _PATIENCE_S, "The collector does not store what it has.")

    def contracts(self) -> int:
        """How many contracts are followed."""
        return sum(map(len, self.catalogue.at(self.clock()).values()))

    def _trades(self) -> bool:
        from db.market.calendar import Instrument, Phase, phase

        return self.source != "live" or phase(self.clock(), Instrument.OPTIONS) is Phase.OPEN

    @staticmethod
    def _run(work: Callable[[], None]) -> None:
        threading.Thread(target=work, name="instruments", daemon=True).start()
