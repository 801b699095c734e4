"""Quotes and contracts for tests of the desk."""

from datetime import date, datetime
from typing import Any

from app.desk.paper.quotes import Contract, Quote
from db.market.clock import IST

AT = datetime(2026, 11, 20, 13, 14, 2, tzinfo=IST)
EXPIRY = date(2026, 11, 26)


def contract(strike: float = 26_000.0, side: str = "CE", **known: Any) -> Contract:
    given = {
        "exchange": "NSE",
        "symbol": f"NIFTY26N26{strike:g}{side}",
        "expiry": EXPIRY,
        "strike": strike,
        "option_type": side,
        "lot_size": 65,
    }
    return Contract(**{**given, **known})


def quote(**known: Any) -> Quote:
    """A live quote of the moment `AT`, 101.5 to 102.35."""
    given = {
        "contract": contract(),
        "at": AT,
        "age_s": 0.5,
        "source": "live",
        "bid": 101.5,
        "ask": 102.35,
        "bid_quantity": 650.0,
        "ask_quantity": 650.0,
        "index": 26_010.0,
        "forward": 26_020.0,
        "iv_forward": 10.0,
    }
    return Quote(**{**given, **known})
