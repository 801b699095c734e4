"""Symbols and expiry days against the exchanges' own."""

from datetime import date

import pytest

from db.market.exchanges import EXCHANGES
from db.market.symbols import future_symbol, next_expiry, option_symbol


@pytest.mark.parametrize(
    ("underlying", "expiry", "strike", "side", "expected"),
    [
        ("NIFTY", date(2026, 8, 18), 24350.0, "CE", "NIFTY2681824350CE"),
        ("NIFTY", date(2026, 8, 25), 24350.0, "CE", "NIFTY26AUG24350CE"),
        ("NIFTY", date(2026, 9, 1), 24350.0, "PE", "NIFTY2690124350PE"),
        ("SENSEX", date(2026, 10, 1), 76200.0, "CE", "SENSEX26O0176200CE"),
        ("SENSEX", date(2026, 11, 5), 76200.0, "CE", "SENSEX26N0576200CE"),
        ("SENSEX", date(2026, 12, 31), 79000.0, "CE", "SENSEX26DEC79000CE"),
        ("BANKNIFTY", date(2026, 8, 25), 57500.0, "PE", "BANKNIFTY26AUG57500PE"),
        # a last expiry that a holiday moved is still its month's
        ("NIFTY", date(2026, 11, 23), 26000.0, "CE", "NIFTY26NOV26000CE"),
        ("NIFTY", date(2025, 12, 9), 26000.0, "CE", "NIFTY25D0926000CE"),
        ("NIFTY", date(2025, 8, 28), 24500.0, "CE", "NIFTY25AUG24500CE"),
        ("BANKNIFTY", date(2024, 12, 24), 51500.0, "PE", "BANKNIFTY24DEC51500PE"),
    ],
)
def test_symbols_are_those_of_the_instrument_list(
    underlying: str, expiry: date, strike: float, side: str, expected: str
) -> None:
    assert option_symbol(underlying, expiry, strike, side) == expected


def test_future_is_named_by_its_month() -> None:
    assert future_symbol("NIFTY", date(2026, 8, 25)) == "NIFTY26AUGFUT"


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        ("NSE", date(2026, 8, 17), date(2026, 8, 18)),
        ("NSE", date(2026, 8, 18), date(2026, 8, 18)),
        ("NSE", date(2026, 8, 19), date(2026, 8, 25)),
        ("BSE", date(2026, 8, 17), date(2026, 8, 20)),
        ("NSE_MONTHLY", date(2026, 8, 3), date(2026, 8, 25)),
        ("NSE_MONTHLY", date(2026, 8, 26), date(2026, 9, 29)),
        ("BANKNIFTY_MONTHLY", date(2026, 12, 30), date(2027, 1, 26)),
    ],
)
def test_weeklies_expire_on_their_weekday_and_monthlies_on_the_last(
    exchange: str, day: date, expected: date
) -> None:
    assert next_expiry(EXCHANGES[exchange], day) == expected


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        ("NSE", date(2026, 11, 18), date(2026, 11, 23)),
        ("NSE_MONTHLY", date(2026, 11, 23), date(2026, 11, 23)),
        ("NSE", date(2026, 11, 24), date(2026, 12, 1)),
        ("NSE_MONTHLY", date(2026, 11, 24), date(2026, 12, 29)),
        ("BANKNIFTY_MONTHLY", date(2026, 3, 2), date(2026, 3, 30)),
        ("BSE", date(2026, 3, 23), date(2026, 3, 25)),
        # a Muhurat is a session, but not one that contracts end with
        ("NSE", date(2025, 10, 15), date(2025, 10, 20)),
    ],
)
def test_an_expiry_on_a_holiday_is_the_trading_day_before(
    exchange: str, day: date, expected: date
) -> None:
    assert next_expiry(EXCHANGES[exchange], day) == expected


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        ("NSE", date(2025, 8, 22), date(2025, 8, 28)),
        ("NSE", date(2025, 8, 29), date(2025, 9, 2)),
        ("NSE_MONTHLY", date(2025, 8, 1), date(2025, 8, 28)),
        ("NSE_MONTHLY", date(2025, 9, 1), date(2025, 9, 30)),
        ("BSE", date(2024, 12, 28), date(2025, 1, 3)),
        ("BSE", date(2025, 1, 4), date(2025, 1, 7)),
        ("BSE", date(2025, 8, 20), date(2025, 8, 26)),
        ("BSE", date(2025, 8, 28), date(2025, 9, 4)),
        ("BANKNIFTY_MONTHLY", date(2024, 2, 1), date(2024, 2, 29)),
        ("BANKNIFTY_MONTHLY", date(2024, 6, 1), date(2024, 6, 26)),
        ("BANKNIFTY_MONTHLY", date(2025, 2, 1), date(2025, 2, 27)),
        ("BANKNIFTY_MONTHLY", date(2025, 12, 1), date(2025, 12, 30)),
    ],
)
def test_expiry_days_are_those_of_their_time(exchange: str, day: date, expected: date) -> None:
    assert next_expiry(EXCHANGES[exchange], day) == expected
