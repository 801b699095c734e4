"""Signals on paper: within limits, to the end of their time, whatever ends or stands between."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import URL, Engine, text

from app.desk.paper.following import OWNER, Follower
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.limits import SIGNAL_PAPER_PAUSE_S
from db.queries.paper import PaperPosition, open_positions
from tests.signals.test_collecting import predicted
from tests.support.chains import at, snapshot

CALL, PUT = "N26000CE", "N26000PE"
EXPIRY = date(2026, 11, 23)
# the index's continuous session ends at 15:15
LAST_ENTRY, TOO_LATE = 340.0, 346.0


class Metric(NamedTuple):
    executed: bool
    signal: str
    confidence: float | None
    reason: str
    violates: bool
    pnl: float | None


class Market:
    """Replayed chains in a database, and who follows the signals that are told of them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.follower = Follower(engine, lots=1)

    def store(self, minutes: float, exchange: str = "NSE", **quotes: Any) -> datetime:
        known = {"best_bid": 99.0, "best_ask": 101.0} | quotes
        chain = snapshot(at(minutes), exchange=exchange, **known)
        atm = float(chain.options.strike[chain.options.strike <= 26_010].max(initial=0))
        with self.engine.begin() as connection:
            write_snapshot(connection, replace(chain, source="replayed", atm_strike=atm))
        return at(minutes)

    def follow(self, signal: str, minutes: float, exchange: str = "NSE", **quotes: Any) -> None:
        moment = self.store(minutes, exchange, **quotes)
        self.follower.follow(replace(predicted(signal, moment), exchange=exchange))

    def restart(self, lots: int = 1) -> None:
        self.follower = Follower(self.engine, lots)

    def held(self) -> list[str]:
        with self.engine.connect() as connection:
            found: tuple[PaperPosition, ...] = open_positions(connection, OWNER)
        return sorted(f"{each.exchange} {each.symbol}" for each in found)

    def metrics(self) -> list[Metric]:
        statement = (
            "SELECT executed, signal, confidence, reason, constraint_violation, pnl "
            "FROM paper_trading_metrics ORDER BY id"
        )
        with self.engine.connect() as connection:
            return [Metric(*row) for row in connection.execute(text(statement))]


@pytest.fixture
def market(database: URL) -> Iterator[Market]:
    engine = engine_for(database)
    yield Market(engine)
    engine.dispose()


def test_what_is_followed_is_listed_with_its_signal_chance_and_result(market: Market) -> None:
    market.follow("SELL", 60)
    assert market.held() == [f"NSE {PUT}"]
    market.follow("HOLD", 76, best_bid=109.0, best_ask=110.0)
    assert market.held() == []
    entered, left = market.metrics()
    assert (entered.executed, entered.signal, entered.confidence) == (True, "SELL", 0.5)
    assert (left.executed, left.signal, left.pnl) == (True, "HOLD", 8.0 * 65)


def test_no_more_than_three_positions_are_open_at_once(market: Market) -> None:
    for i, exchange in enumerate(("NSE", "BSE", "NSE_MONTHLY", "BANKNIFTY_MONTHLY")):
        market.follow("BUY", 60, exchange, strikes=(25_900.0 + i, 26_000.0 + i))
    assert [each.split()[0] for each in market.held()] == ["BSE", "NSE", "NSE_MONTHLY"]
    assert market.metrics()[-1][-3:-1] == ("3 positions are open already", True)


def test_what_two_chains_list_is_bought_once(market: Market) -> None:
    """In the last week of a month the weekly and the monthly chain are the same contracts."""
    market.follow("BUY", 60, "NSE")
    market.follow("BUY", 60, "NSE_MONTHLY")
    assert market.held() == [f"NSE {CALL}"]
    assert market.metrics()[-1][-3:-1] == (f"{CALL} is held already", True)


def test_the_pause_between_two_holds_over_a_restart(market: Market) -> None:
    market.follow("BUY", 60)
    market.follow("SELL", 61)
    market.restart()
    market.follow("SELL", 62)
    assert market.held() == []
    assert market.metrics()[-1].reason == "the last position was opened at 10:15:00"
    market.follow("SELL", 60 + SIGNAL_PAPER_PAUSE_S / 60)
    assert market.held() == [f"NSE {PUT}"]


def test_what_a_process_left_is_sold_at_its_horizon_by_the_next(market: Market) -> None:
    market.follow("BUY", 60)
    market.restart()
    market.follow("HOLD", 74)
    assert market.held() == [f"NSE {CALL}"]
    market.follow("HOLD", 75)
    assert market.held() == []


def test_the_same_signal_again_changes_nothing_and_is_noted_once(market: Market) -> None:
    for minutes in (60, 61, 62):
        market.follow("BUY", minutes)
    assert [each.executed for each in market.metrics()] == [True, False]
    assert market.metrics()[-1].violates


def test_before_the_index_closes_all_is_sold_and_nothing_bought(market: Market) -> None:
    market.follow("BUY", LAST_ENTRY)
    market.follow("BUY", TOO_LATE)
    assert market.held() == []
    assert market.metrics()[-1].reason == "the day is over soon"


def test_on_a_stale_quote_nothing_is_dealt_until_a_fresh_one_comes(market: Market) -> None:
    market.follow("BUY", 60)
    stale = "UPDATE chain_summary SET updated_at = updated_at - INTERVAL '10 minutes'"
    for minutes in (76, 77):
        moment = market.store(minutes)
        with market.engine.begin() as connection:
            connection.execute(text(stale))
        market.follower.follow(predicted("HOLD", moment))
    assert market.held() == [f"NSE {CALL}"]
    (_, refused, *_) = market.metrics()
    assert f"{CALL} could not be closed: The quote of {CALL} is stale" in refused.reason
    assert not refused.violates
    market.follow("HOLD", 78)
    assert market.held() == []


def test_what_expired_while_nobody_looked_is_settled(market: Market) -> None:
    market.follow("BUY", 60, expiry=EXPIRY)
    market.restart()
    day = (EXPIRY - at(0).date()).days * 1440
    market.store(day + 300, expiry=EXPIRY)
    market.follow("HOLD", day + 2 * 1440 + 60)
    assert market.held() == []
    settled = market.metrics()[-1]
    assert settled.reason.startswith("expired: settled by the index at 26010.00")
    assert settled.pnl == pytest.approx((10 - 101) * 65)


def test_a_contract_that_left_its_chain_waits_for_its_expiry(market: Market) -> None:
    market.follow("BUY", 60)
    market.follow("HOLD", 80, strikes=(26_500.0, 26_550.0))
    assert market.held() == [f"NSE {CALL}"]
    assert "is not in its chain at the moment" in market.metrics()[-1].reason


def test_without_a_view_nothing_is_kept(market: Market) -> None:
    market.follow("BUY", 60)
    market.follower.leave("BSE", market.store(61))
    assert market.held() == [f"NSE {CALL}"]
    market.follower.leave("NSE", market.store(62))
    assert market.held() == []


def test_when_it_is_turned_off_what_is_held_is_sold(market: Market) -> None:
    market.follow("BUY", 60)
    market.restart(lots=0)
    market.follow("BUY", 61)
    market.follow("BUY", 62)
    assert market.held() == []
    assert [each.executed for each in market.metrics()] == [True, True]


def test_a_signal_of_yesterday_is_sold_in_the_morning(market: Market) -> None:
    market.follow("BUY", 60)
    market.follow("HOLD", 60 + 3 * 1440 - 59)
    assert market.held() == []
    assert at(60 + 3 * 1440 - 59) - at(60) > timedelta(days=2)
