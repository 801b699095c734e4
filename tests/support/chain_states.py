"""Chain states made by hand, for tests that need no database."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.chains.state import Chain, ChainState
from db.market.clock import IST
from db.queries.chain import LatestOption
from db.queries.summary import ChainSummary

START = datetime(2026, 8, 3, 5, 0, tzinfo=UTC)
MARKET_TIME = datetime(2026, 8, 3, 10, 30, tzinfo=IST)
EXPIRY = date(2026, 8, 4)


def head(sequence: int, exchange: str = "NSE", **known: Any) -> ChainSummary:
    """The head line of a chain; what is not given is unknown."""
    given = {
        "exchange": exchange,
        "timestamp": MARKET_TIME,
        "sequence": sequence,
        "updated_at": START + timedelta(seconds=sequence),
        "contracts": 2,
        "expiry": EXPIRY,
        "atm_strike": 100.0,
        "underlying_price": 100.0 + sequence,
        "pcr": 1.0,
    }
    return ChainSummary(**{**dict.fromkeys(ChainSummary._fields), **given, **known})


def option(strike: float, side: str, oi: int | None, **known: Any) -> LatestOption:
    """One row of a chain; what is not given is unknown."""
    given = {
        "exchange": "NSE",
        "timestamp": MARKET_TIME,
        "strike": strike,
        "option_type": side,
        "symbol": f"NIFTY{strike:.0f}{side}",
        "oi": oi,
    }
    return LatestOption(**{**dict.fromkeys(LatestOption._fields), **given, **known})


def chain(sequence: int, oi: dict[float, int], exchange: str = "NSE", **known: Any) -> Chain:
    """A chain of which calls and puts hold the given OI by strike."""
    rows = [option(strike, side, held) for strike, held in oi.items() for side in ("CE", "PE")]
    return Chain(exchange, head(sequence, exchange, **known), tuple(rows))


def state(
    sequence: int,
    oi: dict[float, int],
    exchange: str = "NSE",
    *,
    age_s: float | None = 0.0,
    incarnation: int = 0,
    clock_ahead_s: float | None = None,
    **known: Any,
) -> ChainState:
    """A state that was just read, `age_s` after the database took it."""
    made = chain(sequence, oi, exchange, **known)
    return ChainState(made, time.monotonic(), age_s, incarnation, clock_ahead_s)
