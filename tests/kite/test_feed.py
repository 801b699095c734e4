"""The broker's ticker as a feed, against the stand-in: what it shows, and what it keeps back."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from app.collector.enrich import enriched
from app.collector.memory import Memory
from app.feeds.base import FeedState
from app.feeds.kite import BEYOND_BOUNDS, KiteFeed
from app.kite.catalogue import Catalogue
from app.kite.client import BrokerClient
from app.kite.errors import LoginNeededError
from app.kite.standin import Fault, StandIn
from app.kite.subscriptions import Subscriptions
from app.kite.ticker import Credentials, Waits
from db.market.clock import IST
from db.market.exchanges import EXCHANGES, Exchange
from db.market.ticks import ChainSnapshot
from tests.kite.standin.conftest import SEED, WEDNESDAY
from tests.kite.standin.sockets import until
from tests.support.paths import ROOT

QUICK = Waits(look_s=0.02, first_pause_s=0.01, longest_pause_s=0.02)
SUNDAY = datetime(2026, 8, 23, 12, 0, tzinfo=IST)
EXPIRY_DAY = date(2026, 8, 18)


class Time:
    """The market's clock: stands until it is moved, and counts who looks."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.looks = 0

    def __call__(self) -> datetime:
        self.looks += 1
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Market:
    """A stand-in, a feed on it, and the clock of both."""

    def __init__(self, at: datetime, folder: Path, exchanges: tuple[Exchange, ...]) -> None:
        self.time = Time(at)
        self.standin = StandIn(now=self.time, seed=SEED, interval_s=0.02, limited=False)
        self.standin.start()
        access_token = self.standin.sessions.sign_in()
        client = BrokerClient("standin", access_token, self.standin.url)
        self.catalogue = Catalogue(client.instruments, folder, exchanges, run=lambda work: work())
        known = Credentials("standin", access_token, 1)
        self.subscriptions = Subscriptions(
            *(self.standin.ws_url, lambda: known, lambda: False), waits=QUICK
        )
        self.feed = KiteFeed(self.subscriptions, self.catalogue, interval_s=0.01, now=self.time)
        self._batches = self.feed.batches()

    def close(self) -> None:
        self.feed.close()
        self.standin.stop()

    def chains(self) -> dict[str, ChainSnapshot]:
        """What the feed shows a second later, every tick of that second having come."""
        self.time.pass_by(1)
        self.settle()
        count = len(self.catalogue.at(self.time.at))
        return {chain.exchange: chain for chain in islice(self._batches, count)}

    def begin(self) -> None:
        """Have everything followed that is listed, and nothing shown."""
        self.feed._follow(self.catalogue.at(self.time.at))
        self.settle()

    def settle(self) -> None:
        """Wait until the board holds what the market shows at this moment."""
        until(self._is_up_to_date)

    def _is_up_to_date(self) -> bool:
        state, shared = self.standin.market.state(), self.subscriptions.shared
        with shared.lock:
            board = shared.board
            places = [state.listings.place[token] for token in board.token.tolist()]
            rows = state.rows[places]
            is_option = np.array([state.listings.rows[place].kind != "EQ" for place in places])
            price = np.nan_to_num(board.last_price)
            same_price = (price == rows["ltp"] / 100) | (rows["ltp"] == 0)
            same_oi = (board.oi == rows["oi"]) | ~is_option
            return bool(len(places) and same_price.all() and same_oi.all())


Opened = Callable[..., Market]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens a market at a moment."""
    found: list[Market] = []

    def open_at(at: datetime, *exchanges: Exchange) -> Market:
        found.append(Market(at, tmp_path, exchanges or tuple(EXCHANGES.values())))
        return found[-1]

    yield open_at
    for each in found:
        each.close()


@contextmanager
def running(feed: KiteFeed) -> Iterator[list[ChainSnapshot]]:
    """The feed read by a thread, as the collector does."""
    found: list[ChainSnapshot] = []
    thread = threading.Thread(target=lambda: found.extend(feed.batches()))
    thread.start()
    try:
        yield found
    finally:
        feed.close()
        thread.join()


def test_chains_are_the_markets(opened: Opened) -> None:
    market = opened(WEDNESDAY)
    market.begin()
    chains = market.chains()
    assert list(chains) == list(EXCHANGES)
    state = market.standin.market.state()
    for chain in chains.values():
        options = chain.options
        rows = state.rows[[state.listings.place[token] for token in options.token.tolist()]]
        assert chain.timestamp == market.time.at
        np.testing.assert_array_equal(options.oi, rows["oi"])
        np.testing.assert_array_equal(options.volume, rows["volume"])
        np.testing.assert_array_equal(np.nan_to_num(options.ltp), rows["ltp"] / 100)
        best = rows["buy"][:, 0]
        np.testing.assert_array_equal(np.nan_to_num(options.best_bid), best["price"] / 100)
        known = best["price"] > 0
        np.testing.assert_array_equal(options.bid_quantity[known], best["quantity"][known])
        assert chain.rejected == ()
        assert chain.future_price is not None
        assert chain.underlying_price is not None
        assert abs(chain.future_price / chain.underlying_price - 1) < 0.02
        assert chain.vix is not None
        assert chain.future_oi
    nifty = chains["NSE"].underlying_price
    assert nifty == state.rows["ltp"][state.listings.place[256265]] / 100


def test_the_first_packets_of_a_sunday_make_nothing_live(opened: Opened) -> None:
    market = opened(SUNDAY)
    with running(market.feed) as shown:
        until(lambda: market.subscriptions.shared.figures.packets > 1_000)
        market.settle()
        looks = market.time.looks
        until(lambda: market.time.looks > looks + 20)
        assert shown == []


def test_an_index_quoted_0_is_its_last_price_and_after_a_minute_none(opened: Opened) -> None:
    market = opened(WEDNESDAY)
    market.begin()
    sound = market.chains()["NSE"]
    assert sound.underlying_at == sound.timestamp
    market.standin.fault(Fault.INDEX_ZERO)
    later = market.chains()["NSE"]
    assert later.underlying_price == sound.underlying_price
    assert later.underlying_at == sound.timestamp < later.timestamp
    market.time.pass_by(61)
    chain = market.chains()["NSE"]
    assert (chain.underlying_price, chain.underlying_at) == (None, None)
    snapshot = enriched(chain, Memory())
    assert snapshot.underlying_price is None
    assert snapshot.atm_strike is not None
    assert chain.future_price is not None
    assert abs(snapshot.atm_strike / chain.future_price - 1) < 0.01


def test_an_index_that_is_0_from_the_first_is_unknown(opened: Opened) -> None:
    market = opened(WEDNESDAY)
    market.standin.fault(Fault.INDEX_ZERO)
    market.begin()
    assert {chain.underlying_price for chain in market.chains().values()} == {None}


def test_a_frozen_index_is_unknown_after_a_minute_but_not_in_its_auction(opened: Opened) -> None:
    market = opened(WEDNESDAY)
    market.begin()
    market.standin.fault(Fault.INDEX_FROZEN)
    market.chains()
    market.time.pass_by(61)
    assert market.chains()["NSE"].underlying_price is None
    market.standin.clear()
    market.time.at = WEDNESDAY.replace(hour=15, minute=14, second=58)
    last = market.chains()["NSE"].underlying_price
    assert last is not None
    market.time.at = WEDNESDAY.replace(hour=15, minute=20)
    chain = market.chains()["NSE"]
    assert (chain.underlying_price, chain.timestamp) == (last, market.time.at)
    assert chain.underlying_at == WEDNESDAY.replace(hour=15, minute=14, second=59)


@pytest.mark.parametrize("kind", ["CE", "PE"])
@pytest.mark.parametrize("which", [0, 0.5, -1])
def test_an_index_in_an_options_packet_is_no_price(opened: Opened, kind: str, which: float) -> None:
    market = opened(WEDNESDAY, EXCHANGES["NSE"])
    market.begin()
    options = market.chains()["NSE"].options
    mine = options.token[options.option_type == kind.encode()].tolist()
    token = mine[which if isinstance(which, int) else int(len(mine) * which)]
    market.standin.fault(Fault.SPOT_IN_OPTION, value=token)
    chain = market.chains()["NSE"]
    assert chain.rejected == (BEYOND_BOUNDS,)
    assert np.isnan(chain.options.ltp[chain.options.token == token]).all()
    market.standin.clear()
    assert market.chains()["NSE"].rejected == ()


def test_bad_rows_of_the_dump_cost_those_rows(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    market = opened(WEDNESDAY)
    whole = sum(row.kind in ("CE", "PE") for row in market.standin.market.listings().rows)
    for fault in (Fault.BAD_ROW, Fault.EXTRA_COLUMN, Fault.EMPTY_EXPIRY):
        market.standin.fault(fault)
    market.begin()
    shown = {int(t) for chain in market.chains().values() for t in chain.options.token}
    assert 500 < len(shown) < whole
    assert sum("is set aside" in line for line in caplog.messages) == 2


def test_a_chain_rolls_to_the_next_expiry_when_its_contracts_have_died(opened: Opened) -> None:
    market = opened(
        datetime.combine(EXPIRY_DAY, WEDNESDAY.time(), IST).replace(hour=15, minute=39),
        EXCHANGES["NSE"],
    )
    market.begin()
    died = market.chains()["NSE"].options
    assert set(died.expiry.tolist()) == {EXPIRY_DAY}
    with running(market.feed) as shown:
        market.time.at = market.time.at.replace(minute=40, second=0)
        until(lambda: not set(died.token.tolist()) & _followed(market))
        market.time.at = datetime(2026, 8, 19, 9, 15, 5, tzinfo=IST)
        until(lambda: any(chain.timestamp == market.time.at for chain in shown))
    assert set(shown[-1].options.expiry.tolist()) == {date(2026, 8, 25)}


def _followed(market: Market) -> set[int]:
    return {token for ticker in market.standin.tickers for token in ticker.subscriptions.modes}


def test_a_key_of_some_strikes_follows_the_money(opened: Opened) -> None:
    market = opened(WEDNESDAY, replace(EXCHANGES["NSE"], strikes=5))
    with running(market.feed) as shown:
        until(lambda: any(_is_centred(chain) for chain in shown))
        market.time.pass_by(3600)
        seen = len(shown)
        until(lambda: any(_is_centred(chain) for chain in shown[seen:]))
    assert len(shown[-1].options) == 22


def _is_centred(chain: ChainSnapshot) -> bool:
    strikes = np.unique(chain.options.strike)
    near = chain.underlying_price
    return near is not None and strikes[2] < near < strikes[-3]


_PRINTS_AN_INSTANT = """
import sys
from pathlib import Path
from tests.kite.test_feed import *
market = Market(WEDNESDAY, Path(sys.argv[1]), (EXCHANGES["NSE"],))
market.begin()
print(market.chains()["NSE"].timestamp.isoformat())
market.close()
"""


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_instants_are_right_on_a_server_of_any_zone(tmp_path: Path, zone: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PRINTS_AN_INSTANT, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "2026-08-19T10:15:01+05:30"


def test_it_says_what_stands_between_the_broker_and_a_chain(opened: Opened) -> None:
    market = opened(WEDNESDAY, EXCHANGES["NSE"], EXCHANGES["BSE"])
    word = lambda: {each.word for each in market.feed.states().values()}  # noqa: E731
    assert word() == {"connecting"}
    market.begin()
    until(lambda: word() == {"live"})
    assert set(market.feed.states()) == set(EXCHANGES)
    market.time.at = datetime(2026, 8, 19, 15, 20, tzinfo=IST)
    assert word() == {"auction"}
    market.time.at = SUNDAY
    assert word() == {"closed"}
    market.time.at = WEDNESDAY
    market.standin.sessions.expire()
    market.feed.reconnect()
    until(lambda: word() == {"login needed"})
    assert all("log in there" in (each.sentence or "") for each in market.feed.states().values())


def test_why_a_login_did_not_work_is_said(opened: Opened) -> None:
    market = opened(WEDNESDAY, EXCHANGES["NSE"])
    feed = KiteFeed(
        market.subscriptions,
        market.catalogue,
        keys=["NSE"],
        login_problem=lambda: "The broker refused the secret.",
    )
    market.begin()
    until(lambda: feed.states()["NSE"].word != "connecting")
    market.standin.sessions.expire()
    market.feed.reconnect()
    refused = FeedState("login needed", "The broker refused the secret.")
    until(lambda: feed.states() == {"NSE": refused})


def test_without_a_login_ever_it_says_that_one_is_needed(opened: Opened, tmp_path: Path) -> None:
    market = opened(WEDNESDAY)

    def refused() -> str:
        raise LoginNeededError("Nobody is logged in at the broker.")

    catalogue = Catalogue(refused, tmp_path / "none", EXCHANGES.values(), run=lambda work: work())
    feed = KiteFeed(market.subscriptions, catalogue, keys=["NSE"], now=market.time)
    feed._follow_what_is_listed(market.time.at)
    assert feed.states()["NSE"].word == "login needed"
