"""The option chain's history: one row a contract and snapshot."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BIGINT, Column, Date, Index, Integer, Table, Text

from db.schema.base import double, doubles, market_time, metadata, numbered, stamped
from db.timescale.specs import HypertableSpec, declare


def contract_state() -> Sequence[Column[Any]]:
    """What is stored of a contract at one instant, in history and at the live edge alike.

    Prices in INR, `iv` in percent, `pct_change_*` in percent of the OI that many minutes ago.
    """
    return [
        Column("oi", BIGINT),
        double("ltp"),
        Column("token", BIGINT, nullable=False),
        double("underlying_price"),
        Column("moneyness", Text),
        Column("time_to_expiry_seconds", Integer),
        *doubles(
            "pct_change_3m",
            "pct_change_5m",
            "pct_change_10m",
            "pct_change_15m",
            "pct_change_30m",
            "iv",
        ),
        Column("volume", BIGINT),
        *doubles(
            "best_bid",
            "best_ask",
            "bid_quantity",
            "ask_quantity",
            "spread",
            "order_book_imbalance",
        ),
    ]


option_chain_snapshots = Table(
    "option_chain_snapshots",
    metadata,
    numbered("option_chain_snapshots"),
    market_time(),
    Column("exchange", Text, nullable=False),
    Column("strike", double("strike").type, nullable=False),
    Column("option_type", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    *contract_state(),
    stamped("created_at"),
    stamped("updated_at"),
    Column("expiry", Date),
)

_columns = option_chain_snapshots.c

# the natural key in the order reads use it; ON CONFLICT finds it in the legacy order too.
# Ascending, it took a seventh fewer pages than descending
Index(
    "option_chain_snapshots_key",
    _columns.exchange,
    _columns.timestamp,
    _columns.strike,
    _columns.option_type,
    unique=True,
)
# ascending as the key is: with both descending a snapshot's inserts cost a third more
Index(
    "option_chain_snapshots_contract_idx",
    _columns.exchange,
    _columns.strike,
    _columns.option_type,
    _columns.timestamp,
)

declare(
    metadata,
    HypertableSpec(
        table="option_chain_snapshots",
        time_column="timestamp",
        chunk_interval=timedelta(days=1),
    ),
)
