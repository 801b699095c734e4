"""Gaps of history filled from a stand-in whose clock a test moves."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from app.collector.bootstrap import Bootstrap, BootstrapOptions
from app.collector.gap_fetch import Progress
from app.collector.past import Past
from app.kite.account import Account
from app.kite.fetching import Patience
from app.kite.instruments import parsed
from app.kite.listing import Listing, listed
from app.kite.session import SessionStore
from app.kite.standin import StandIn
from app.kite.standin.rest import Answer, Ask, Rest
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from tests.kite.standin.conftest import SEED
from tests.kite.standin.rest import fetched
from tests.support.waiting import eventually

DAY = datetime(2026, 8, 19, tzinfo=IST)
OPENING = DAY.replace(hour=9, minute=15)
SIDE = 3
"""Strikes either side of the money: 14 contracts a chain."""


class Asked:
    """The stand-in's answers, and which candles were asked for, in their order."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._lock = threading.Lock()
        self.tokens: list[int] = []
        self.statuses: list[int] = []
        self.refused: set[int] = set()
        self.before: Callable[[int], None] = lambda token: None

    def answer(self, ask: Ask) -> Answer:
        if ask.path[:2] != ("instruments", "historical"):
            return self._rest.answer(ask)
        token = int(ask.path[2])
        with self._lock:
            self.tokens.append(token)
        self.before(token)
        known = token not in self.refused
        found = self._rest.answer(ask if known else replace(ask, path=(*ask.path[:2], "1", "x")))
        with self._lock:
            self.statuses.append(found.status)
        return found


class Filling:
    """A stand-in with its account, and bootstraps at work on it."""

    def __init__(self, engine: Engine, folder: Path, at: datetime, *, limited: bool) -> None:
        self.engine = engine
        self.at = at
        self.standin = StandIn(now=lambda: self.at, seed=SEED, limited=limited)
        self.asked = Asked(self.standin.rest)
        self.standin.rest = self.asked  # type: ignore[assignment]  # it answers as that does
        self.standin.start()
        self.store = SessionStore(folder, "a key of these tests")
        self.account = Account("standin", "standin-secret", self.store, self.standin.url)
        self.past = Past()
        self.told: list[Progress] = []
        self.leads: Callable[[str], bool] = lambda exchange: True
        self.followed = self.listings("NSE")
        self._running: list[Bootstrap] = []
        self.log_in()

    def log_in(self) -> None:
        self.store.keep("SI0001", self.standin.sessions.sign_in())

    def listings(self, *keys: str) -> Mapping[str, Listing]:
        dump = parsed(fetched(self.standin, "instruments").decode())
        chosen = [replace(EXCHANGES[key], strikes=SIDE) for key in keys]
        spots = self.standin.market.state()
        found = listed(dump, chosen, self.at)
        return {
            key: listing.around(_last_price(spots, listing.index_token))
            for key, listing in found.items()
        }

    def start(self, **options: Any) -> Bootstrap:
        chosen = {"early_s": 0.02, "again_s": 0.1, "look_s": 600.0, **options}
        running = Bootstrap(
            self.engine,
            self.account,
            lambda: self.followed,
            self.past,
            BootstrapOptions(patience=Patience(0.05, 0.05), **chosen),
            on_progress=self.told.append,
            leads=self.leads,
            now=lambda: self.at,
        )
        running.start()
        self._running.append(running)
        return running

    def fill(self, **options: Any) -> Bootstrap:
        """A bootstrap that has filled what it found missing, and is closed."""
        running = self.start(**options)
        eventually(lambda: running.filled.looks)
        running.close()
        return running

    def close(self) -> None:
        for running in self._running:
            running.close()
        self.standin.stop()

    def rows(self, key: str = "NSE") -> dict[tuple[datetime, int], tuple[Any, ...]]:
        """What history holds: (price, volume, OI, index) by aware instant and token."""
        statement = text(
            "SELECT timestamp, token, ltp, volume, oi, underlying_price"
            " FROM option_chain_snapshots WHERE exchange = :key"
        )
        with self.engine.connect() as connection:
            found = connection.execute(statement, {"key": key}).all()
        held = {(row[0].replace(tzinfo=IST), row[1]): tuple(row[2:]) for row in found}
        assert len(held) == len(found), "a contract is stored twice at an instant"
        return held

    def expected(
        self, kite: Any, ends: Sequence[datetime], key: str = "NSE"
    ) -> dict[tuple[datetime, int], tuple[Any, ...]]:
        """The same by the official client's candles, each under the moment it ends."""
        listing = self.followed[key]
        index = {
            candle["date"] + timedelta(minutes=1): candle["close"]
            for candle in self._candles(kite, listing.index_token)
        }
        found = {}
        for token in listing.token.tolist():
            volume = 0
            for candle in self._candles(kite, token):
                volume += candle["volume"]
                end = candle["date"] + timedelta(minutes=1)
                if end in ends:
                    known = (candle["close"], volume, candle["oi"], index[end])
                    found[end.astimezone(IST), token] = known
        return found

    def _candles(self, kite: Any, token: int | None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = kite.historical_data(
            token, f"{OPENING:%Y-%m-%d %H:%M:%S}", f"{self.at:%Y-%m-%d %H:%M:%S}", "minute", oi=True
        )
        return found


def ends(first: int, last: int) -> list[datetime]:
    """The ends of the minutes after the opening, both included, the first one being 1."""
    return [OPENING + timedelta(minutes=number) for number in range(first, last + 1)]


def _last_price(state: Any, token: int | None) -> float:
    return float(state.rows["ltp"][state.listings.place[token]]) / 100
