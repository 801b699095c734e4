"""Exports made up for tests, as the original program's tables are written out."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

START = datetime(2026, 11, 19, 9, 15)
CHAIN = (
    *("id", "timestamp", "exchange", "strike", "option_type", "symbol", "oi", "ltp", "token"),
    *("underlying_price", "moneyness", "time_to_expiry_seconds", "pct_change_3m", "iv", "volume"),
    *("best_bid", "best_ask", "bid_quantity", "ask_quantity", "created_at", "updated_at"),
)
MACRO = ("id", "timestamp", "exchange", "usdinr", "crude_price", "metadata", "created_at")


def written(path: Path, names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Path:
    """An export of those columns; what a row does not name is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([row.get(name, "") for name in names] for row in rows)
    return path


def chain(
    exchange: str = "NSE",
    minutes: Iterable[int] = range(40),
    strikes: Sequence[float] = (25_950.0, 26_000.0, 26_050.0),
) -> Iterable[Mapping[str, object]]:
    """A chain a minute; the figures follow from instant and contract."""
    for minute in minutes:
        at = START + timedelta(minutes=minute)
        for strike in strikes:
            for option_type in ("CE", "PE"):
                number = int(strike) * 2 + (option_type == "PE")
                yield {
                    "id": number,
                    "timestamp": at,
                    "exchange": exchange,
                    "strike": strike,
                    "option_type": option_type,
                    "symbol": f"NIFTY26NOV{strike:g}{option_type}",
                    "oi": 1000 + (number * 7 + minute * 31) % 97,
                    "ltp": 100.5 + minute,
                    "token": number,
                    "underlying_price": 26_010.0,
                    "moneyness": "OTM",
                    "time_to_expiry_seconds": 540_000,
                    "iv": 11.25,
                    "volume": 5 * minute,
                    "created_at": at,
                    "updated_at": at,
                }


def macro(count: int, first: int = 0) -> Iterable[Mapping[str, object]]:
    """Readings half a minute apart."""
    for number in range(first, first + count):
        at = START + timedelta(seconds=30 * number)
        yield {
            "id": number,
            "timestamp": at,
            "exchange": "NSE",
            "usdinr": 89.7 + number / 1000,
            "crude_price": 5284.0,
            "metadata": '{"note": "a, b"}',
            "created_at": at,
        }
