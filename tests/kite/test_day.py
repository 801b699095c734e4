"""Hours of a trading day through stand-in, ticker, feed and collector, a fault each ten minutes.

Between two marks something goes wrong; at each mark the market stands until what was sent has been
stored. History must then hold exactly that, once each.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, text

from app.collector import Collector, CollectorOptions
from app.feeds.kite import BEYOND_BOUNDS, KiteFeed
from app.kite.account import Account
from app.kite.catalogue import Catalogue
from app.kite.client import BrokerClient
from app.kite.listing import Listing
from app.kite.session import SessionStore
from app.kite.standin import Fault, StandIn
from app.kite.subscriptions import Subscriptions
from app.kite.ticker import LinkState, Waits
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from tests.kite.standin.conftest import SEED
from tests.kite.standin.sockets import until

FIRST = datetime(2026, 8, 19, 13, 30, tzinfo=IST)
STEP = timedelta(minutes=10)
QUICK = Waits(look_s=0.02, first_pause_s=0.01, longest_pause_s=0.02, too_many_s=0.02)
Row = tuple[float, int, int]


class Gate:
    """Listings that let the feed read its board once each time a test says so."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._changed = threading.Condition()
        self._come = self._gone = self._allowed = 0

    def at(self, moment: datetime) -> Mapping[str, Listing]:
        with self._changed:
            self._come += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._gone < self._allowed)
            self._gone += 1
        return self.catalogue.at(moment)

    def read_once(self) -> None:
        """Let one round through, and return when the feed stands here again."""
        with self._changed:
            self._allowed += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._come > self._allowed)

    def stay_open(self) -> None:
        with self._changed:
            self._allowed = 1_000_000
            self._changed.notify_all()


class Day:
    """Everything from the stand-in to the database, and the market's clock."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.at, self.link_s = FIRST - timedelta(seconds=20), 0.0
        self.engine = engine
        self.standin = StandIn(now=lambda: self.at, seed=SEED, interval_s=0.02, limited=False)
        self.standin.start()
        self.store = SessionStore(folder, "a key of these tests")
        account = Account("standin", "standin-secret", self.store, self.standin.url)
        catalogue = Catalogue(
            lambda: account.ask(BrokerClient.instruments),
            folder,
            EXCHANGES.values(),
            run=lambda work: work(),
        )
        self.gate = Gate(catalogue)
        self.subscriptions = Subscriptions(
            *(self.standin.ws_url, account.credentials, lambda: True),
            waits=QUICK,
            clock=lambda: self.link_s,
        )
        feed = KiteFeed(
            *(self.subscriptions, self.gate),
            source="simulated",
            interval_s=0.01,
            now=lambda: self.at,
        )
        options = CollectorOptions(spool=folder / "spool")
        self.collector = Collector(engine, feed, options, lambda: self.at, lambda: 0.0)
        self.thread = threading.Thread(target=self.collector.run)
        self.log_in()
        self.thread.start()

    def log_in(self) -> None:
        self.store.keep("SI0001", self.standin.sessions.sign_in())

    def close(self) -> None:
        self.gate.stay_open()
        self.collector.stop()
        self.thread.join()
        self.standin.stop()

    def followed(self) -> list[int]:
        """Tokens of all options that are followed."""
        found = self.gate.catalogue.at(self.at).values()
        return [token for listing in found for token in listing.token.tolist()]

    def has_arrived(self) -> bool:
        """Whether the board holds what was sent last, which is what the market shows."""
        state, shared = self.standin.market.state(), self.subscriptions.shared
        tokens = self.followed()
        rows = state.rows[[state.listings.place[token] for token in tokens]]
        with shared.lock:
            places = shared.board.places(np.array(tokens))
            if (places < 0).any():
                return False
            oi, volume = shared.board.oi[places], shared.board.volume[places]
            price = np.nan_to_num(shared.board.last_price[places])
        same = (oi == rows["oi"]) & (volume == rows["volume"]) & (price == rows["ltp"] / 100)
        return bool(same.all()) and self._is_in_the_ledger(rows)

    def _is_in_the_ledger(self, rows: np.ndarray) -> bool:
        # a frame is written down when it has gone out, which may be after it has arrived
        for row in rows:
            last = self.standin.ledger.last(int(row["token"]))
            if last is None or last.get("oi") != row["oi"] or last["volume"] != row["volume"]:
                return False
            if last["last_price"] != row["ltp"] / 100:
                return False
        return True

    def sent(self) -> dict[int, Row]:
        """By token: price, OI and volume as the ledger has them."""
        found = {}
        for token in self.followed():
            last = self.standin.ledger.last(token)
            assert last is not None
            found[token] = (last["last_price"], last["oi"], last["volume"])
        return found  # type: ignore[return-value]  # full mode holds numbers

    def stored(self, at: datetime) -> dict[tuple[str, int], Row]:
        """By exchange and token: what history holds of an instant; an unknown price is 0."""
        query = text(
            "SELECT exchange, token, coalesce(ltp, 0), oi, volume FROM option_chain_snapshots "
            "WHERE timestamp = :at"
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query, {"at": at.replace(tzinfo=None)}).all()
        return {(exchange, token): (ltp, oi, volume) for exchange, token, ltp, oi, volume in rows}


@pytest.fixture
def day(engine: Engine, tmp_path: Path) -> Iterator[Day]:
    found = Day(engine, tmp_path)
    yield found
    found.close()


def simply(fault: Fault) -> Callable[[Day], None]:
    return lambda day: day.standin.fault(fault)


def cut(day: Day) -> None:
    lost = day.subscriptions.shared.figures.reconnects
    day.standin.fault(Fault.DISCONNECT)
    until(lambda: day.subscriptions.shared.figures.reconnects > lost)


def refused(day: Day) -> None:
    day.standin.fault(Fault.REFUSED)
    cut(day)


def silent(day: Day) -> None:
    day.standin.fault(Fault.SILENT)

    def is_noticed() -> bool:
        day.link_s += QUICK.dead_after_s + 1
        return day.subscriptions.state is LinkState.RECONNECTING

    until(is_noticed)
    day.standin.clear()


def mute(day: Day) -> None:
    day.standin.fault(Fault.MUTE)

    def is_noticed() -> bool:
        day.link_s += QUICK.dead_after_s - 1
        beats = day.standin.ledger.heartbeats
        until(lambda: day.standin.ledger.heartbeats > beats or _is_lost(day))
        return _is_lost(day)

    until(is_noticed)
    day.standin.clear()


def _is_lost(day: Day) -> bool:
    return day.subscriptions.state in (LinkState.MUTE, LinkState.RECONNECTING)


def expired(day: Day) -> None:
    day.standin.fault(Fault.EXPIRED)
    until(lambda: day.subscriptions.state is LinkState.LOGIN_NEEDED)
    day.log_in()


FAULTS = (
    *(cut, simply(Fault.HALF_FRAME), simply(Fault.TORN_FRAME), simply(Fault.WRONG_LENGTH)),
    *(simply(Fault.WRONG_COUNT), simply(Fault.ODD_LENGTH), simply(Fault.OUT_OF_ORDER)),
    *(simply(Fault.TEXT), silent, mute, expired, refused),
)


def test_history_holds_exactly_what_was_sent_once_each(day: Day) -> None:
    day.gate.read_once()
    until(day.has_arrived)
    total = 0
    for number, fault in enumerate((lambda _: None, *FAULTS)):
        fault(day)
        day.at = FIRST + number * STEP
        total += _mark(day, {})
    assert day.at == FIRST.replace(hour=15, minute=30)
    wrong = day.followed()[-1]
    day.standin.fault(Fault.SPOT_IN_OPTION, value=wrong)
    day.at = FIRST.replace(hour=15, minute=39, second=30)
    total += _mark(day, {wrong: 0.0})
    # after the close nothing is new, though all is sent again
    day.at = FIRST.replace(hour=15, minute=50)
    cut(day)
    until(day.has_arrived)
    day.gate.read_once()
    day.close()
    counts = day.collector.counts
    assert (counts.rows, counts.snapshots) == (total, 4 * (len(FAULTS) + 2))
    assert (counts.dropped, counts.stale_periods) == (0, 0)
    assert counts.rejected[BEYOND_BOUNDS] >= 1
    with day.engine.connect() as connection:
        rows = connection.scalar(text("SELECT count(*) FROM option_chain_snapshots"))
    assert rows == total
    names = [thread.name for thread in threading.enumerate()]
    assert not {"oi-kite", "feed", "writer", "spool"} & set(names)


def _mark(day: Day, prices: Mapping[int, float]) -> int:
    """Let a mark be read once all of it has come; how many rows that are, each as it was sent."""
    until(day.has_arrived)
    sent = day.sent()
    sent |= {token: (price, *sent[token][1:]) for token, price in prices.items()}
    expected = {
        (key, token): sent[token]
        for key, listing in day.gate.catalogue.at(day.at).items()
        for token in listing.token.tolist()
    }
    day.gate.read_once()
    until(lambda: len(day.stored(day.at)) >= len(expected))
    assert day.stored(day.at) == expected
    return len(expected)
