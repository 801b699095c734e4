"""Small chains for tests: snapshots made of numbers that are easy to check by hand."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from db.market.clock import IST
from db.market.rows import columns_of
from db.market.ticks import (
    EDGE_FIELDS,
    EnrichedColumns,
    EnrichedSnapshot,
    OptionColumns,
    OptionType,
    field_names,
)

Row = dict[str, object]

OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=IST)
EXPIRY = date(2026, 11, 26)


def at(minutes: float) -> datetime:
    """That many minutes after the open."""
    return OPEN + timedelta(minutes=minutes)


def enriched_columns(rows: Sequence[Row]) -> EnrichedColumns:
    """Rows by name of field, None (or nothing) for unknown, as columns."""
    return columns_of(EnrichedColumns, [[row.get(name) for name in EDGE_FIELDS] for row in rows])


def option_columns(rows: Sequence[Row]) -> OptionColumns:
    """The same of what a feed says."""
    names = field_names(OptionColumns)
    return columns_of(OptionColumns, [[row.get(name) for name in names] for row in rows])


def rows_of(columns: OptionColumns) -> list[Row]:
    """Columns as rows by name of field, None for unknown."""
    names = field_names(type(columns))
    values = [[_plain(value) for value in getattr(columns, name).tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode() or None
    return None if value != value or (value == -1 and isinstance(value, int)) else value


def option(strike: float, option_type: OptionType, oi: int | None, **fields: object) -> Row:
    """A contract with plausible values; `fields` replace them."""
    values: Row = {
        "strike": strike,
        "option_type": option_type,
        "symbol": f"N{strike:g}{option_type}",
        "token": int(strike) * 2 + (option_type == "PE"),
        "expiry": EXPIRY,
        "time_to_expiry_seconds": 540_000,
        "moneyness": "OTM",
        "underlying_price": 26_010.0,
        "oi": oi,
        "ltp": 100.0,
        "volume": 10,
        **{f"{unit}_change_{n}m": None for unit in ("pct", "oi") for n in (3, 5, 10, 15, 30)},
        "iv": 12.0,
        "best_bid": 99.0,
        "best_ask": 101.0,
        "bid_quantity": 50.0,
        "ask_quantity": 60.0,
        "spread": 2.0,
        "order_book_imbalance": -0.1,
        "delta": 0.5,
        "gamma": 0.01,
        "theta": -3.0,
        "vega": 2.0,
        "theoretical_price": 99.5,
        "iv_forward": 12.5,
    }
    return {**values, **fields}


def snapshot(
    moment: datetime,
    oi: Mapping[float, tuple[int | None, int | None]] | int = 1000,
    *,
    exchange: str = "NSE",
    features: Mapping[str, float | None] | None = None,
    strikes: Sequence[float] = (25_950.0, 26_000.0, 26_050.0),
    **fields: object,
) -> EnrichedSnapshot:
    """A chain of call and put OI by strike, or of the same OI everywhere."""
    by_strike = {strike: (oi, oi) for strike in strikes} if isinstance(oi, int) else oi
    options = [
        option(strike, option_type, quantity, **fields)
        for strike, (calls, puts) in by_strike.items()
        for option_type, quantity in (("CE", calls), ("PE", puts))
    ]
    return EnrichedSnapshot(
        exchange=exchange,
        timestamp=moment,
        options=enriched_columns(options),
        underlying_price=26_010.0,
        future_price=26_100.0,
        future_oi=5_000,
        future_symbol="NIFTY26NOVFUT",
        vix=11.5,
        atm_strike=26_000.0,
        forward=26_040.25,
        features={"itm_ce_breadth": 0.4, "novel": 1.5} if features is None else features,
    )
