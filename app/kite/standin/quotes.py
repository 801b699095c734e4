"""Quotes as JSON (https://kite.trade/docs/connect/v3/market-quotes/)."""

from datetime import datetime
from typing import Any

from app.kite.standin.errors import input_error
from app.kite.standin.listing import Listed
from app.kite.standin.packets import INDICES, divisor
from app.kite.standin.shown import Shown
from db.market.clock import IST

MOST_QUOTES, MOST_PRICES = 500, 1000


def quotes(market: Shown, wanted: list[str], form: str) -> dict[str, object]:
    """By name as asked for: the whole quote, or its "ohlc" or "ltp" part; unknown ones are absent.

    Raises KiteError (400) when none or too many are asked for.
    """
    most = MOST_QUOTES if form == "quote" else MOST_PRICES
    if not wanted:
        raise input_error("Missing or empty field `i`")
    if len(wanted) > most:
        raise input_error(f"Maximum of {most} instruments can be requested.")
    state = market.state()
    found: dict[str, object] = {}
    for name in wanted:
        row = _named(state.listings.named, state.listings.rows, state.listings.place, name)
        if row is not None:
            found[name] = _quote(state.rows[state.listings.place[row.token]], form)
    return found


def _named(
    named: dict[str, Listed], rows: list[Listed], place: dict[int, int], name: str
) -> Listed | None:
    if name.isdecimal():
        return rows[place[int(name)]] if int(name) in place else None
    return named.get(name)


def _quote(row: Any, form: str) -> dict[str, object]:
    token = int(row["token"])
    unit = divisor(token)
    shown: dict[str, object] = {"instrument_token": token, "last_price": int(row["ltp"]) / unit}
    if form == "ltp":
        return shown
    names = ("open", "high", "low", "close")
    shown["ohlc"] = {name: int(row[name]) / unit for name in names}
    if form == "ohlc":
        return shown
    shown["timestamp"] = _stamp(row["exchange_time"])
    shown["net_change"] = (int(row["ltp"]) - int(row["close"])) / unit if row["close"] else 0
    return shown if token & 0xFF == INDICES else shown | _traded(row, unit)


def _traded(row: Any, unit: int) -> dict[str, object]:
    """What only a token has that is traded."""
    counted = ("buy_quantity", "sell_quantity", "volume", "last_quantity", "oi")
    return {name: int(row[name]) for name in counted} | {
        "last_trade_time": _stamp(row["last_trade_time"]),
        "average_price": int(row["average"]) / unit,
        "oi_day_high": int(row["oi_high"]),
        "oi_day_low": int(row["oi_low"]),
        "lower_circuit_limit": 0.05,
        "upper_circuit_limit": int(row["close"]) * 5 / unit,
        "depth": {side: [_level(level, unit) for level in row[side]] for side in ("buy", "sell")},
    }


def _level(level: Any, unit: int) -> dict[str, object]:
    return {
        "price": int(level["price"]) / unit,
        "quantity": int(level["quantity"]),
        "orders": int(level["orders"]),
    }


def _stamp(epoch: int) -> str:
    return f"{datetime.fromtimestamp(int(epoch), IST):%Y-%m-%d %H:%M:%S}"
