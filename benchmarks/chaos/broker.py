"""The broker falls silent: a collector of its feed beside all else, on a database of its own.

The stand-in for the broker speaks Kite's protocol, the collector is the product's. What is judged
is what the database is told meanwhile: no state that nobody sent, and that nothing comes.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from app.kite.login import login_address
from app.kite.standin.sessions import Account
from app.kite.standin.visit import visited
from benchmarks.chaos.programs import Program, kept_running
from benchmarks.errors import BenchmarkError
from benchmarks.feed.rig import Broker, stand_in
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.timing.waiting import awaited
from benchmarks.web.serving import environment
from db import migrate
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES

_ROOT = Path(__file__).resolve().parents[2]
_START_S = 90.0
_MOST_S = 60.0
# what was sent before it fell silent may still be on its way
_ON_ITS_WAY_S = 3.0
_TAKEN = "SELECT exchange, updated_at FROM chain_summary"
_AGES = "SELECT exchange, extract(epoch FROM clock_timestamp() - updated_at) FROM chain_summary"
_WORDS = "SELECT exchange, state FROM feed_states"


@dataclass
class Brokered:
    """A stand-in, a collector that follows it, and what that has stored."""

    broker: Broker
    database: URL
    wrong: list[str] = field(default_factory=list)

    def silence(self, fault: str, seconds: float) -> float:
        """Let it say nothing in a way for so long; seconds until every chain is fresh then."""
        self.broker.fault(fault, seconds=seconds)
        time.sleep(_ON_ITS_WAY_S)
        before = self._all(_TAKEN)
        time.sleep(seconds - _ON_ITS_WAY_S)
        words, taken, ages = self._all(_WORDS), self._all(_TAKEN), self._all(_AGES)
        began = time.monotonic()
        for exchange in EXCHANGES:
            if words.get(exchange) in (None, "live", "simulated"):
                said = words.get(exchange)
                self.wrong.append(f"{exchange} was said to be {said} when the broker was {fault}")
            if taken.get(exchange) != before.get(exchange):
                self.wrong.append(f"a state of {exchange} was stored when the broker was {fault}")
        while not self._are_younger(ages):
            if time.monotonic() - began > _MOST_S:
                break
            time.sleep(0.05)
        return time.monotonic() - began

    def await_chains(self) -> None:
        """Wait until the first state of each chain is there."""
        awaited(
            lambda: len(self._all(_TAKEN)) == len(EXCHANGES),
            _START_S,
            "The broker's collector stored nothing.",
        )

    def _are_younger(self, before: dict[str, object]) -> bool:
        """Whether each chain was taken anew since it was so old."""
        return all(
            float(str(now)) < float(str(before[key])) for key, now in self._all(_AGES).items()
        )

    def _all(self, query: str) -> dict[str, object]:
        with session(self.database) as link:
            return dict(link.execute(query).fetchall())


@contextlib.contextmanager
def brokered(server: URL, folder: Path) -> Iterator[Brokered]:
    """All of it on a server, with its files in a folder, until the block ends."""
    folder.mkdir(exist_ok=True)
    with (
        BenchmarkServer(server).database("broker") as database,
        stand_in(market_now(), 1.0, folder / "journal", "--always-open") as broker,
    ):
        migrate.upgrade(database)
        told = environment(database, folder / "home") | _asking(broker.address)
        _log_in(broker.address, told)
        collector = Program(
            "broker",
            ("app", "collect", "--feed", "kite", "--source", "simulated"),
            told,
            folder / "collector.log",
        )
        with kept_running([collector]):
            found = Brokered(broker, database)
            found.await_chains()
            yield found


def _asking(address: str) -> dict[str, str]:
    """The settings of a program that takes the stand-in for the broker."""
    known = Account()
    return {
        "OI_KITE_API_KEY": known.api_key,
        "OI_KITE_API_SECRET": known.api_secret,
        "OI_KITE_ROOT": f"http://{address}",
        "OI_KITE_TICKER_ROOT": f"ws://{address}",
        "OI_KITE_LOGIN_URL": f"http://{address}/connect/login",
    }


def _log_in(address: str, told: dict[str, str]) -> None:
    page = login_address(Account().api_key, f"http://{address}/connect/login")
    done = subprocess.run(
        [sys.executable, "-m", "app", "kite", "login"],
        env=os.environ | told,
        cwd=_ROOT,
        input=f"{visited(page)}\n",
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"Nobody could log in at the stand-in: {done.stderr.strip()}")
