"""Cells by the type of their column."""

from datetime import date, datetime, timedelta

import pytest

from db import schema
from db.importing.values import FaultyCellError, cell, values_of
from db.market.clock import market_now

CHAIN = schema.option_chain_snapshots
PAPER = schema.paper_trading_metrics
BATCHES = schema.training_batches


def read(column: object, text: str) -> object:
    (value,) = values_of([text], [cell(column, 0)])  # type: ignore[arg-type]
    return value


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (CHAIN.c.timestamp, "2025-11-28 15:28:53", datetime(2025, 11, 28, 15, 28, 53)),
        (CHAIN.c.timestamp, "2025-11-28T09:58:53Z", datetime(2025, 11, 28, 15, 28, 53)),
        (CHAIN.c.timestamp, "2025-11-28 09:58:53+00", datetime(2025, 11, 28, 15, 28, 53)),
        (
            CHAIN.c.timestamp,
            "2025-11-28 15:28:53.5+05:30",
            datetime(2025, 11, 28, 15, 28, 53, 500_000),
        ),
        (BATCHES.c.start_timestamp, "2025-11-28", datetime(2025, 11, 28)),
        (CHAIN.c.created_at, "", None),
        (CHAIN.c.created_at, "NaT", None),
        (CHAIN.c.expiry, "2025-12-02", date(2025, 12, 2)),
        (CHAIN.c.expiry, "2025-12-02 00:00:00", date(2025, 12, 2)),
        (CHAIN.c.ltp, "-0.05", -0.05),
        (CHAIN.c.ltp, " 1e3 ", 1000.0),
        (CHAIN.c.ltp, "", None),
        (CHAIN.c.ltp, "NaN", None),
        (CHAIN.c.ltp, "-inf", None),
        (CHAIN.c.ltp, "NULL", None),
        (CHAIN.c.oi, "9007199254740993", 9_007_199_254_740_993),
        (CHAIN.c.oi, "1250.0", 1250),
        (CHAIN.c.oi, "nan", None),
        (CHAIN.c.time_to_expiry_seconds, "-30", -30),
        (CHAIN.c.option_type, " CE ", "CE"),
        (CHAIN.c.moneyness, "", None),
        (CHAIN.c.exchange, "NSE ", "NSE"),
        (PAPER.c.executed, "t", True),
        (PAPER.c.executed, "False", False),
        (PAPER.c.constraint_violation, "", None),
        (PAPER.c.reason, "नहीं", "नहीं"),
    ],
)
def test_a_cell_is_read_by_its_column(column: object, text: str, value: object) -> None:
    assert read(column, text) == value


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        (CHAIN.c.timestamp, "", "timestamp is empty"),
        (CHAIN.c.timestamp, "NaT", "timestamp is empty"),
        (CHAIN.c.timestamp, "yesterday", "timestamp is not a time"),
        (CHAIN.c.timestamp, "1970-01-01 00:00:00", "timestamp is not a time"),
        (CHAIN.c.timestamp, "0001-01-01T00:00:00+14:00", "timestamp is not a time"),
        (CHAIN.c.timestamp, "9999-12-31 23:59:59", "timestamp is in the future"),
        (BATCHES.c.end_timestamp, "2525-01-01", "end_timestamp is in the future"),
        (CHAIN.c.strike, "0", "strike is not positive"),
        (CHAIN.c.strike, "inf", "strike is empty"),
        (CHAIN.c.option_type, "XX", "option_type is neither CE nor PE"),
        (CHAIN.c.exchange, " ", "exchange is empty"),
        (CHAIN.c.symbol, "", "symbol is empty"),
        (CHAIN.c.symbol, "a\0b", "symbol holds a NUL byte"),
        (CHAIN.c.symbol, "a\udcff", "symbol is not UTF-8"),
        (CHAIN.c.ltp, "1_000", "ltp is not a number"),
        (CHAIN.c.ltp, "١", "ltp is not a number"),
        (CHAIN.c.ltp, "1,5", "ltp is not a number"),
        (CHAIN.c.ltp, "1e999", "ltp is not a number"),
        (CHAIN.c.oi, "1.5", "oi is not a whole number"),
        (CHAIN.c.oi, "-1", "oi is negative"),
        (CHAIN.c.oi, "9223372036854775808", "oi is too large"),
        (CHAIN.c.oi, "1e300", "oi is too large"),
        (CHAIN.c.time_to_expiry_seconds, "2147483648", "time_to_expiry_seconds is too large"),
        (CHAIN.c.expiry, "soon", "expiry is not a time"),
        (PAPER.c.executed, "maybe", "executed is neither true nor false"),
        (PAPER.c.executed, "", "executed is empty"),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(column: object, text: str, reason: str) -> None:
    with pytest.raises(FaultyCellError, match=f"^{reason}$"):
        read(column, text)


def test_a_moment_ahead_of_the_clock_is_refused_as_elsewhere() -> None:
    soon = market_now().replace(tzinfo=None) + timedelta(minutes=3)
    assert read(CHAIN.c.timestamp, str(soon)) == soon
    with pytest.raises(FaultyCellError, match="in the future"):
        read(CHAIN.c.timestamp, str(soon + timedelta(minutes=4)))
