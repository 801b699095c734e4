"""Candles as columns, and the chain that they make of the end of each minute."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from app.kite.candles import Candles
from app.kite.errors import BrokerError
from app.kite.history import chains
from app.kite.instruments import Instrument
from app.kite.listing import VIX_TOKEN, Listing
from db.market.clock import IST
from db.market.exchanges import EXCHANGES

OPENING = datetime(2026, 8, 19, 9, 15, tzinfo=IST)
INDEX, FUTURE = 256265, 900
TOKENS = (101, 102, 103, 104)
FUTURE_ROW = Instrument(
    *(FUTURE, "NIFTY26AUGFUT", "NIFTY", "FUT", date(2026, 8, 25), 0.0, 0.1, 65, "NFO-FUT", "NFO")
)


def end(minute: int) -> datetime:
    return OPENING + timedelta(minutes=minute)


def row(minute: int, close: float, volume: int = 0, oi: int | None = None) -> list[object]:
    """A candle that begins that many minutes after the opening."""
    at = OPENING + timedelta(minutes=minute)
    cells: list[object] = [f"{at:%Y-%m-%dT%H:%M:%S}+0530", 1.0, 2.0, 0.5, close, volume]
    return cells if oi is None else [*cells, oi]


def listing() -> Listing:
    return Listing(
        exchange=EXCHANGES["NSE"],
        expiry=date(2026, 8, 25),
        strike=np.array([24_000.0, 24_000.0, 24_050.0, 24_050.0]),
        option_type=np.array([b"CE", b"PE", b"CE", b"PE"]),
        symbol=np.array([b"A", b"B", b"C", b"D"]),
        token=np.array(TOKENS),
        lot_size=65,
        index_token=INDEX,
        future=FUTURE_ROW,
    )


def of_all(rows: Sequence[Sequence[object]]) -> dict[int, Candles]:
    return {token: Candles.of(rows) for token in TOKENS}


def test_a_candle_stands_for_the_moment_its_minute_ends() -> None:
    found = Candles.of([row(0, 101.5, 650, 1_300)])
    assert found.end.tolist() == [int(end(1).timestamp())]
    assert (found.close[0], found.volume[0], found.oi[0]) == (101.5, 650, 1_300)


def test_candles_ascend_and_the_last_of_one_minute_counts() -> None:
    found = Candles.of([row(1, 3.0, 1, 1), row(0, 1.0, 1, 1), row(1, 2.0, 1, 1)])
    assert found.close.tolist() == [1.0, 2.0]


def test_what_a_candle_does_not_say_is_unknown() -> None:
    found = Candles.of([row(0, 0.0, 5)])
    assert np.isnan(found.close[0])
    assert found.oi.tolist() == [-1]
    assert len(Candles.of([])) == 0


@pytest.mark.parametrize("bad", [[["no time", 1, 1, 1, 1, 1]], [[None]], [7], [row(0, 1.0)[:3]]])
def test_candles_of_another_form_are_the_brokers_error(bad: list[list[object]]) -> None:
    with pytest.raises(BrokerError, match="cannot be read"):
        Candles.of(bad)


def test_volume_is_counted_from_the_opening_and_other_figures_stand_beside() -> None:
    candles = of_all([row(0, 10.0, 65, 650), row(1, 11.0, 130, 1_300)])
    candles[INDEX] = Candles.of([row(0, 24_010.0, 0, 0), row(1, 24_020.0, 0, 0)])
    candles[FUTURE] = Candles.of([row(1, 24_100.0, 9, 77)])
    candles[VIX_TOKEN] = Candles.of([row(1, 12.5, 0, 0)])
    first, second = chains(listing(), candles, [end(1), end(2)])
    assert first.timestamp == end(1)
    assert first.options.volume.tolist() == [65] * 4
    assert second.options.volume.tolist() == [195] * 4
    assert second.options.oi.tolist() == [1_300] * 4
    assert second.options.ltp.tolist() == [11.0] * 4
    assert np.isnan(second.options.best_bid).all()
    assert (first.underlying_price, second.underlying_price) == (24_010.0, 24_020.0)
    assert (first.future_price, first.future_oi, first.vix) == (None, None, None)
    assert (second.future_price, second.future_oi, second.vix) == (24_100.0, 77, 12.5)
    assert second.future_symbol == "NIFTY26AUGFUT"


def test_a_contract_without_a_trade_stands_as_it_stood() -> None:
    candles = of_all([row(0, 10.0, 65, 650), row(1, 11.0, 65, 1_300)])
    candles[101] = Candles.of([row(0, 7.0, 10, 70)])
    _, second = chains(listing(), candles, [end(1), end(2)])
    assert (second.options.ltp[0], second.options.oi[0], second.options.volume[0]) == (7.0, 70, 10)


def test_a_contract_that_has_not_traded_yet_is_left_out() -> None:
    candles = of_all([row(0, 10.0, 65, 650), row(1, 11.0, 65, 1_300)])
    candles[102] = Candles.of([row(1, 7.0, 10, 70)])
    del candles[104]
    first, second = chains(listing(), candles, [end(1), end(2)])
    assert first.options.token.tolist() == [101, 103]
    assert second.options.token.tolist() == [101, 102, 103]


def test_a_minute_that_few_contracts_have_is_not_made_up() -> None:
    wide = [row(minute, 10.0, 1, 1) for minute in (0, 2)]
    assert [
        each.timestamp for each in chains(listing(), of_all(wide), [end(1), end(2), end(3)])
    ] == [
        end(1),
        end(3),
    ]


def test_a_day_owes_nothing_to_the_day_before() -> None:
    yesterday = -24 * 60
    candles = of_all([row(yesterday, 10.0, 65, 650), row(1, 11.0, 130, 1_300)])
    found = chains(listing(), candles, [end(yesterday + 1), end(1), end(2)])
    assert [each.timestamp for each in found] == [end(yesterday + 1), end(2)]
    assert found[1].options.volume.tolist() == [130] * 4


def test_no_candles_make_no_chain() -> None:
    assert chains(listing(), {}, [end(1)]) == []
