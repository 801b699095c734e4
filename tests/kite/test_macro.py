"""Dollar, crude and VIX of the stand-in's quotes, as the legacy tables hold them."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import URL, Engine, insert, text

from app.analytics import macro
from app.collector.macro import MacroRecorder
from app.kite.client import BrokerClient
from app.kite.errors import LoginNeededError
from app.kite.instruments import Dump, Instrument
from app.kite.macro import VIX_NAME, MacroNames, macro_names, price_of
from app.kite.standin import StandIn
from db.engine import engine_for
from db.market.clock import IST
from db.schema import snapshots, vix_term_structure
from db.timescale.maintenance import fill_all
from tests.kite.standin.conftest import WEDNESDAY
from tests.support.waiting import eventually

NAMES = MacroNames("CDS:USDINR26AUGFUT", "MCX:CRUDEOIL26AUGFUT")
DAY = WEDNESDAY.date()


class Board:
    """Quotes that a test sets; a price alone, dated as the test's clock."""

    def __init__(self) -> None:
        self.at = WEDNESDAY
        self.prices: dict[str, float] = {}
        self.problem: Exception | None = None

    def __call__(self, names: Sequence[str]) -> Mapping[str, Any]:
        if self.problem is not None:
            raise self.problem
        at = self.at.replace(tzinfo=None)
        return {
            name: {"last_price": price, "timestamp": at}
            for name, price in self.prices.items()
            if name in names
        }


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def recorder(engine: Engine, board: Board) -> Iterator[MacroRecorder]:
    found = MacroRecorder(
        engine, board, lambda: NAMES, now=lambda: board.at, first_s=0.0, every_s=0.02
    )
    yield found
    found.close()


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    statement = text(f"SELECT * FROM {table} ORDER BY timestamp")  # noqa: S608  # names of ours
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def future(name: str, exchange: str, month: int) -> Instrument:
    expiry = date(2026, month, 27)
    symbol = f"{name}26{expiry:%b}FUT".upper()
    return Instrument(
        *(month, symbol, name, "FUT", expiry, 0.0, 0.1, 1, f"{exchange}-FUT", exchange)
    )


def test_readings_are_stored_with_their_change_since_the_one_before(
    engine: Engine, board: Board, recorder: MacroRecorder
) -> None:
    board.prices = {NAMES.usdinr or "": 89.70, NAMES.crude or "": 5285.0, VIX_NAME: 12.5}
    assert recorder.record()
    board.at += timedelta(minutes=3)
    board.prices |= {NAMES.usdinr or "": 89.72, NAMES.crude or "": 5284.0}
    assert recorder.record()
    first, second = rows(engine, "macro_signals")
    assert (first["exchange"], first["timestamp"]) == ("NSE", WEDNESDAY.replace(tzinfo=None))
    assert (first["usdinr"], first["usdinr_trend"], first["crude_trend"]) == (89.70, None, None)
    assert second["usdinr_trend"] == pytest.approx(0.022296544035670034)
    assert second["crude_trend"] == pytest.approx(-0.01892147587511826)
    assert second["macro_spread"] == pytest.approx(0.041218019910788294)
    assert second["fii_flow"] is second["dii_flow"] is second["fii_dii_net"] is None
    assert [row["current_vix"] for row in rows(engine, "vix_term_structure")] == [12.5, 12.5]


def test_what_is_missing_or_of_another_day_is_unknown_and_never_nothing(
    engine: Engine, board: Board, recorder: MacroRecorder
) -> None:
    board.prices = {NAMES.usdinr or "": 0.0, NAMES.crude or "": 5285.0}
    assert recorder.record()
    (row,) = rows(engine, "macro_signals")
    assert row["usdinr"] is None
    assert row["crude_price"] == 5285.0
    assert rows(engine, "vix_term_structure") == []
    quote = {"last_price": 88.0, "timestamp": "2026-08-18 17:00:00"}
    assert price_of({"CDS:X": quote}, "CDS:X", DAY) is None
    assert price_of({"CDS:X": quote}, "CDS:X", date(2026, 8, 18)) == 88.0
    assert price_of({}, "CDS:X", DAY) is None


def test_averages_and_trends_of_the_vix_follow_from_the_days_that_are_stored(
    engine: Engine, board: Board, recorder: MacroRecorder
) -> None:
    closes = [10.0 + number for number in range(20)]
    with engine.begin() as connection:
        for back, close in enumerate(reversed(closes), 1):
            for hour, vix in ((10, 99.0), (15, close)):
                at = (WEDNESDAY - timedelta(days=back)).replace(hour=hour)
                row = {"timestamp": at, "exchange": "NSE", "current_vix": vix}
                connection.execute(insert(vix_term_structure), row)
    board.prices = {VIX_NAME: 35.0}
    assert recorder.record()
    row = rows(engine, "vix_term_structure")[-1]
    assert row["vix_ma_5d"] == pytest.approx(sum([*closes[-4:], 35.0]) / 5)
    assert row["vix_ma_20d"] == pytest.approx(sum([*closes[-19:], 35.0]) / 20)
    assert row["vix_trend_1d"] == pytest.approx(macro.percent_trend(35.0, closes[-1]))
    assert row["vix_trend_5d"] == pytest.approx(macro.percent_trend(35.0, closes[-5]))
    assert row["realized_vol"] is None
    assert rows(engine, "macro_signals") == []


def test_realized_volatility_follows_from_the_indexs_closes_that_are_stored(
    engine: Engine, database: URL, board: Board, recorder: MacroRecorder
) -> None:
    closes = [24_000.0, 24_240.0, 24_100.0, 24_350.0, 24_200.0, 24_500.0, 24_480.0]
    with engine.begin() as connection:
        for back, close in enumerate(reversed(closes), 1):
            at = (WEDNESDAY - timedelta(days=back)).replace(hour=15)
            row = {"timestamp": at, "exchange": "NSE", "contracts": 1, "underlying_price": close}
            connection.execute(insert(snapshots), row)
    # rollups of days gone by are the owner's to fill
    owner = engine_for(database)
    fill_all(owner, lambda line: None)
    owner.dispose()
    board.prices = {VIX_NAME: 12.5}
    assert recorder.record()
    found = rows(engine, "vix_term_structure")[-1]["realized_vol"]
    assert found == pytest.approx(macro.realized_volatility(closes))


@pytest.mark.parametrize("hour", [8, 16])
def test_nothing_is_read_while_options_do_not_trade(
    engine: Engine, board: Board, recorder: MacroRecorder, hour: int
) -> None:
    board.prices = {VIX_NAME: 12.5}
    board.at = WEDNESDAY.replace(hour=hour)
    board.problem = AssertionError("nobody asks")
    assert not recorder.record()


def test_a_broker_that_refuses_costs_a_turn_and_no_more(
    engine: Engine, board: Board, recorder: MacroRecorder
) -> None:
    asked = threading.Event()
    board.problem = LoginNeededError("Nobody is logged in at the broker.")
    board.prices = {VIX_NAME: 12.5}
    names = recorder._names

    def told() -> MacroNames:
        asked.set()
        return names()

    recorder._names = told
    recorder.start()
    assert asked.wait(60)
    board.problem = None
    eventually(lambda: recorder.stored)
    recorder.close()
    assert not recorder._worker._thread.is_alive()


def test_the_standins_vix_is_stored(engine: Engine, still: StandIn) -> None:
    client = BrokerClient("standin", still.sessions.sign_in(), still.url)
    recorder = MacroRecorder(engine, client.quotes, lambda: NAMES, now=lambda: WEDNESDAY)
    assert recorder.record()
    (row,) = rows(engine, "vix_term_structure")
    assert row["current_vix"] == client.quotes([VIX_NAME])[VIX_NAME]["last_price"]
    assert rows(engine, "macro_signals") == []


def test_near_futures_are_found_in_the_dump_unless_they_are_named() -> None:
    dump = Dump(
        (
            future("USDINR", "CDS", 9),
            future("USDINR", "CDS", 8),
            future("CRUDEOIL", "MCX", 7),
            future("CRUDEOILM", "MCX", 8),
        )
    )
    assert macro_names(dump, DAY) == MacroNames("CDS:USDINR26AUGFUT", None, VIX_NAME)
    named = macro_names(dump, DAY, crude="MCX:CRUDEOIL26SEPFUT")
    assert named.crude == "MCX:CRUDEOIL26SEPFUT"
    assert macro_names(None, DAY).all() == (VIX_NAME,)


def test_a_quote_is_of_the_day_that_the_exchange_has() -> None:
    quote = {"last_price": 1.0, "timestamp": datetime(2026, 8, 19, 0, 30, tzinfo=IST)}
    assert price_of({"A:B": quote}, "A:B", DAY) == 1.0
    assert price_of({"A:B": quote | {"timestamp": None}}, "A:B", DAY) is None
