"""Small chains for tests of the collector."""

from datetime import date, datetime, timedelta

from db.market.clock import IST
from db.market.ticks import ChainSnapshot, OptionTick

AT = datetime(2025, 12, 4, 10, 0, tzinfo=IST)
EXPIRY = date(2025, 12, 9)
STRIKES = (25_900.0, 25_950.0, 26_000.0, 26_050.0, 26_100.0)


def tick(
    strike: float, option_type: str, oi: int | None = 7_500, ltp: float | None = 100.0
) -> OptionTick:
    token = int(strike) * 2 + (option_type == "PE")
    symbol = f"NIFTY25D09{strike:g}{option_type}"
    side = "CE" if option_type == "CE" else "PE"
    return OptionTick(token, symbol, strike, side, EXPIRY, ltp=ltp, oi=oi, volume=22_500)


def chain(
    at: datetime = AT, *, oi: int = 7_500, exchange: str = "NSE", underlying: float = 26_010.0
) -> ChainSnapshot:
    """Ten contracts around 26 000, all with the same OI."""
    return ChainSnapshot(
        exchange=exchange,
        timestamp=at,
        options=tuple(tick(strike, side, oi) for strike in STRIKES for side in ("CE", "PE")),
        underlying_price=underlying,
        future_price=underlying + 90,
        future_oi=15_000_000,
        vix=11.5,
    )


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
