"""The live edge: what is asked every second, kept as rows by triggers on the chain's history."""

from datetime import timedelta

from sqlalchemy import (
    BIGINT,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from db.market.limits import CHANGE_MINUTES
from db.revision_files import sql_file
from db.schema.base import doubles, market_time, metadata
from db.schema.chain import contract_state
from db.schema.market_time import MarketTime
from db.timescale.specs import HypertableSpec, SqlFiles, declare

# one row an exchange and instant: where history has a snapshot, and its totals
snapshots = Table(
    "snapshots",
    metadata,
    market_time(),
    Column("exchange", Text, nullable=False),
    Column("contracts", Integer, nullable=False),
    *doubles("underlying_price", "future_price"),
    Column("oi_ce", BIGINT),
    Column("oi_pe", BIGINT),
    Column("volume_ce", BIGINT),
    Column("volume_pe", BIGINT),
    *doubles("atm_strike", "straddle"),
)
Index("snapshots_key", snapshots.c.exchange, snapshots.c.timestamp.desc(), unique=True)

# one row a contract of each exchange's newest chain
option_chain_latest = Table(
    "option_chain_latest",
    metadata,
    Column("exchange", Text, nullable=False),
    Column("strike", DOUBLE_PRECISION, nullable=False),
    Column("option_type", Text, nullable=False),
    market_time(),
    Column("symbol", Text, nullable=False),
    Column("expiry", Date),
    *contract_state(),
    *(Column(f"oi_change_{minutes}m", BIGINT) for minutes in CHANGE_MINUTES),
    Column("day_open_oi", BIGINT),
    Column("prev_close_oi", BIGINT),
    # when OI was seen to change last
    Column("oi_at", MarketTime),
    *doubles("iv_forward", "theoretical_price", "delta", "gamma", "theta", "vega"),
    PrimaryKeyConstraint("exchange", "strike", "option_type"),
    # room on the page for the next three versions of each row, so that no index is touched while a
    # reader or an ANALYZE holds back the clearing of old ones for a second or two
    postgresql_with={"fillfactor": "25"},
)

# one row an exchange: the head line of its chain
chain_summary = Table(
    "chain_summary",
    metadata,
    Column("exchange", Text, primary_key=True),
    market_time(),
    Column("sequence", BIGINT, nullable=False, server_default=text("0")),
    Column(
        "updated_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=text("clock_timestamp()"),
    ),
    Column("contracts", Integer, nullable=False, server_default=text("0")),
    # those of them whose OI is known
    Column("oi_known", Integer, nullable=False, server_default=text("0")),
    Column("expiry", Date),
    *doubles("atm_strike", "underlying_price", "future_price"),
    Column("future_oi", BIGINT),
    Column("future_symbol", Text),
    # when the exchange told the index last, and the units in a lot of the contracts
    Column("underlying_at", MarketTime),
    Column("lot_size", Integer),
    *doubles("vix", "pcr", "pcr_volume", "max_pain"),
    Column("oi_ce", BIGINT),
    Column("oi_pe", BIGINT),
    Column("volume_ce", BIGINT),
    Column("volume_pe", BIGINT),
    *doubles(
        "straddle",
        "atm_iv",
        # what put–call parity of the chain says, and IV at the money of it
        "forward",
        "atm_iv_forward",
        "itm_oi_ce_pct_change",
        "itm_oi_pe_pct_change",
        "percent_oichange_fut_3m",
        "atm_shift_intensity",
        "itm_ce_breadth",
        "itm_pe_breadth",
    ),
    # live, simulated or replayed; NULL: the writer did not say
    Column("source", Text),
    # whether the writer gave the changes of OI; false: they follow history; NULL: the chain was
    # read from history, and percentages that are stored there stand
    Column("has_changes", Boolean),
    # the instant that future, VIX and all that goes with them was given for; the instants OI is
    # compared with
    Column("context_at", MarketTime),
    Column("day_open_at", MarketTime),
    Column("prev_close_at", MarketTime),
    postgresql_with={"fillfactor": "50"},
)

# the snapshots a transaction has touched; read and emptied when it commits
snapshot_touched = Table(
    "snapshot_touched",
    metadata,
    Column("transaction_id", BIGINT, nullable=False),
    Column("exchange", Text, nullable=False),
    market_time(),
    PrimaryKeyConstraint("transaction_id", "exchange", "timestamp"),
    prefixes=["UNLOGGED"],
)

# its functions and triggers, in order: the newest text of each file under alembic/versions/sql. A
# revision that changes a function brings the whole file anew, and its folder is named here then.
LIVE_EDGE_SQL = (
    "0007_live_edge/0_reset",
    "0022_writers/1_touch",
    "0022_writers/2_snapshots",
    "0022_writers/3_baselines",
    "0022_writers/4_summary",
    "0022_writers/5_chain",
    "0022_writers/6_settle",
    "0022_writers/7_write",
    "0022_writers/8_triggers",
    "0022_writers/9_unshown",
)

declare(
    metadata,
    HypertableSpec(table="snapshots", time_column="timestamp", chunk_interval=timedelta(days=90)),
    SqlFiles(
        name="live_edge",
        files=tuple(map(sql_file, LIVE_EDGE_SQL)),
        schema="live_edge",
    ),
)
