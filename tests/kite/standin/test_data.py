"""Dump, quotes and candles as the official client reads them."""

import gzip
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.kite.standin import StandIn
from app.kite.standin.candles import candles
from app.kite.standin.listing import HEADER
from app.kite.standin.market import Market
from tests.kite.standin.conftest import BANK, NIFTY, SEED, SENSEX, VIX, WEDNESDAY
from tests.kite.standin.rest import fetched, is_refused


def test_the_dump_holds_chains_futures_and_indices(still: StandIn, kite: Any) -> None:
    rows = kite.instruments()
    by_token = {row["instrument_token"]: row for row in rows}
    assert len(by_token) == len(rows) > 1500
    assert {by_token[token]["tradingsymbol"] for token in (NIFTY, BANK, SENSEX, VIX)} == {
        *("NIFTY 50", "NIFTY BANK", "SENSEX", "INDIA VIX"),
    }
    nifty = [row for row in rows if row["name"] == "NIFTY" and row["instrument_type"] == "CE"]
    assert {row["expiry"] for row in nifty} == {
        *(date(2026, 8, 25), date(2026, 9, 1), date(2026, 9, 29)),
    }
    assert {row["lot_size"] for row in nifty} == {65}
    futures = {row["tradingsymbol"] for row in rows if row["instrument_type"] == "FUT"}
    assert futures == {"NIFTY26AUGFUT", "BANKNIFTY26AUGFUT", "SENSEX26AUGFUT"}
    assert all(row["instrument_token"] >> 8 == int(row["exchange_token"]) for row in rows)
    assert {row["exchange"] for row in kite.instruments("BFO")} == {"BFO"}


def test_the_dump_has_the_columns_of_a_real_one_and_comes_packed_on_request(
    still: StandIn, samples: Path
) -> None:
    with gzip.open(samples.parent / "instruments_2026-08.csv.gz", "rt") as file:
        assert next(file).strip() == HEADER
        theirs = next(line for line in file if ",CE,NFO-OPT," in line).strip().split(",")
    lines = fetched(still, "instruments").decode().splitlines()
    ours = next(line for line in lines if ",CE,NFO-OPT," in line).split(",")
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine.replace(".", "").isdigit(), "." in mine) == (
            other.replace(".", "").isdigit(),
            "." in other,
        )


def test_quotes_are_those_of_the_market_by_name_and_by_token(still: StandIn, kite: Any) -> None:
    state = still.market.state()
    option = state.listings.rows[500]
    row = state.rows[500]
    whole = kite.quote(option.full_name, "NSE:NIFTY 50", "NSE:NOBODY")
    assert whole.keys() == {option.full_name, "NSE:NIFTY 50"}
    found = whole[option.full_name]
    assert found["last_price"] == row["ltp"] / 100
    assert (found["oi"], found["volume"]) == (row["oi"], row["volume"])
    assert found["depth"]["buy"][0]["price"] == row["buy"][0]["price"] / 100
    assert found["timestamp"] == WEDNESDAY.replace(tzinfo=None)
    assert "depth" not in whole["NSE:NIFTY 50"]
    by_token = kite.ltp(str(NIFTY))[str(NIFTY)]
    assert by_token == {"instrument_token": NIFTY, "last_price": by_token["last_price"]}
    assert kite.ohlc("NSE:NIFTY 50")["NSE:NIFTY 50"]["ohlc"]["close"] > 0


def test_too_many_and_no_instruments_are_refused(kite: Any) -> None:
    assert is_refused(lambda: kite.quote([str(n) for n in range(501)]), 400) == "InputException"
    assert is_refused(lambda: kite.ltp([str(n) for n in range(1001)]), 400) == "InputException"
    assert is_refused(lambda: kite.quote(), 400) == "InputException"


def test_candles_end_where_the_ticks_stand(still: StandIn, kite: Any) -> None:
    state = still.market.state()
    place = 500
    token = int(state.listings.tokens[place])
    found = kite.historical_data(
        token, "2026-08-19 09:15:00", "2026-08-19 15:40:00", "minute", oi=True
    )
    assert len(found) == 61
    assert found[0]["date"].replace(tzinfo=None) == datetime(2026, 8, 19, 9, 15)
    assert found[0]["date"].utcoffset() == timedelta(hours=5.5)
    last = found[-1]
    assert last["date"].replace(tzinfo=None) == datetime(2026, 8, 19, 10, 15)
    assert (last["close"], last["oi"]) == (state.rows["ltp"][place] / 100, state.rows["oi"][place])
    traded = sum(candle["volume"] for candle in found)
    assert traded == state.rows["volume"][place]
    highest = max(candle["high"] for candle in found)
    assert round(highest * 100) == state.rows["high"][place]


def test_a_candle_closes_with_the_last_tick_of_its_minute() -> None:
    before = Market(lambda: WEDNESDAY - timedelta(seconds=1), seed=SEED).state()
    market = Market(lambda: WEDNESDAY, seed=SEED)
    for place in (0, 500, before.listings.place[NIFTY], before.listings.place[VIX]):
        row = before.listings.rows[place]
        *_, last = candles(market, row, "minute", "2026-08-19", "2026-08-19 10:14:59", True)
        assert last[4] == before.rows["ltp"][place] / 100
        assert last[6] == before.rows["oi"][place]


def test_wider_candles_are_those_of_their_minutes(kite: Any) -> None:
    when = ("2026-08-18 09:15:00", "2026-08-18 15:40:00")
    minutes = kite.historical_data(NIFTY, *when, "minute")
    wide = kite.historical_data(NIFTY, *when, "15minute")
    [day] = kite.historical_data(NIFTY, *when, "day")
    assert "oi" not in minutes[0]
    assert len(minutes) == 360
    assert len(wide) == 24
    assert wide[1]["high"] == max(candle["high"] for candle in minutes[15:30])
    assert (day["open"], day["close"]) == (minutes[0]["open"], minutes[-1]["close"])
    assert day["date"].hour == 0


def test_options_trade_on_in_the_auction_and_nothing_trades_on_a_holiday(kite: Any) -> None:
    found = kite.instruments("NFO")
    token = next(row["instrument_token"] for row in found if row["instrument_type"] == "CE")
    day = ("2026-08-18 15:00:00", "2026-08-18 16:00:00", "minute")
    assert kite.historical_data(token, *day)[-1]["date"].strftime("%H:%M") == "15:39"
    assert kite.historical_data(NIFTY, *day)[-1]["date"].strftime("%H:%M") == "15:14"
    assert kite.historical_data(NIFTY, "2026-08-15", "2026-08-16", "minute") == []


@pytest.mark.parametrize(
    ("token", "first", "last", "interval"),
    [
        (1, "2026-08-18", "2026-08-18", "minute"),
        (NIFTY, "2026-08-18", "2026-08-18", "2minute"),
        (NIFTY, "2026-08-18", "2026-08-17", "minute"),
        (NIFTY, "yesterday", "2026-08-17", "minute"),
        (NIFTY, "2026-06-18", "2026-08-18", "minute"),
        (NIFTY, "2026-05-01", "2026-08-18", "5minute"),
    ],
)
def test_history_is_not_for_the_asking(
    kite: Any, token: int, first: str, last: str, interval: str
) -> None:
    kind = is_refused(lambda: kite.historical_data(token, first, last, interval), 400)
    assert kind == "InputException"
