"""Small chains for tests of the collector."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from db.market.clock import IST
from db.market.ticks import ChainSnapshot
from tests.support.chains import Row, option_columns

AT = datetime(2025, 12, 4, 10, 0, tzinfo=IST)
EXPIRY = date(2025, 12, 9)
STRIKES = (25_900.0, 25_950.0, 26_000.0, 26_050.0, 26_100.0)


def tick(
    strike: float,
    option_type: str,
    oi: int | None = 7_500,
    ltp: float | None = 100.0,
    **fields: object,
) -> Row:
    """A contract's state; what is not given is unknown."""
    known: Row = {
        "token": int(strike) * 2 + (option_type == "PE"),
        "symbol": f"NIFTY25D09{strike:g}{option_type}",
        "strike": strike,
        "option_type": option_type,
        "expiry": EXPIRY,
        "ltp": ltp,
        "oi": oi,
        "volume": 22_500,
    }
    return known | fields


def chain(
    at: datetime = AT,
    *,
    oi: int = 7_500,
    exchange: str = "NSE",
    underlying: float | None = 26_010.0,
    rows: Sequence[Row] | None = None,
) -> ChainSnapshot:
    """Ten contracts around 26 000, all with the same OI; or those given."""
    given = [tick(strike, side, oi) for strike in STRIKES for side in ("CE", "PE")]
    return ChainSnapshot(
        exchange=exchange,
        timestamp=at,
        options=option_columns(given if rows is None else rows),
        underlying_price=underlying,
        future_price=26_100.0 if underlying is None else underlying + 90,
        future_oi=15_000_000,
        vix=11.5,
    )


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
