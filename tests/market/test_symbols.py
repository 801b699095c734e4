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
