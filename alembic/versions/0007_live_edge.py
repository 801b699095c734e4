"""Live edge: the newest chain, its head line and the pointers to history, kept by triggers.

Revises: 0006_series_hypertables
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from db.ingest.fill import fill_live_edge
from db.revision_sql import run_sql
from db.timescale.specs import UniqueKey

revision = "0007_live_edge"
down_revision = "0006_series_hypertables"
branch_labels = None
depends_on = None
# rows are moved in transactions of their own; stopped there, `downgrade` takes back what it left
commits_midway = True

_SNAPSHOTS = {
    "table": "snapshots",
    "time_column": "timestamp",
    "chunk_interval": timedelta(days=90),
    "unique_keys": [UniqueKey(name="snapshots_key", columns=("exchange", '"timestamp" DESC'))],
}


def upgrade() -> None:
    create_tables()
    op.create_hypertable(**_SNAPSHOTS)
    run_sql(op, "0007_live_edge")
    fill_live_edge(op)


def downgrade() -> None:
    # by itself: history is locked only while its triggers go
    with op.get_context().autocommit_block():
        run_sql(op, "0007_live_edge_down")
    op.drop_hypertable(**_SNAPSHOTS, with_table=True)
    for table in ("snapshot_touched", "chain_summary", "option_chain_latest", "snapshots"):
        op.drop_table(table, if_exists=True)


def create_tables() -> None:
    op.create_table(
        "snapshots",
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("contracts", sa.Integer(), nullable=False),
        sa.Column("underlying_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("future_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("oi_ce", sa.BIGINT(), nullable=True),
        sa.Column("oi_pe", sa.BIGINT(), nullable=True),
        sa.Column("volume_ce", sa.BIGINT(), nullable=True),
        sa.Column("volume_pe", sa.BIGINT(), nullable=True),
        sa.Column("atm_strike", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("straddle", sa.DOUBLE_PRECISION(), nullable=True),
        if_not_exists=True,
    )
    op.create_table(
        "option_chain_latest",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("strike", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("option_type", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("oi", sa.BIGINT(), nullable=True),
        sa.Column("ltp", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("token", sa.BIGINT(), nullable=False),
        sa.Column("underlying_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("moneyness", sa.Text(), nullable=True),
        sa.Column("time_to_expiry_seconds", sa.Integer(), nullable=True),
        sa.Column("pct_change_3m", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("pct_change_5m", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("pct_change_10m", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("pct_change_15m", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("pct_change_30m", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("iv", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("volume", sa.BIGINT(), nullable=True),
        sa.Column("best_bid", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("best_ask", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("bid_quantity", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("ask_quantity", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("spread", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("order_book_imbalance", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("oi_change_3m", sa.BIGINT(), nullable=True),
        sa.Column("oi_change_5m", sa.BIGINT(), nullable=True),
        sa.Column("oi_change_10m", sa.BIGINT(), nullable=True),
        sa.Column("oi_change_15m", sa.BIGINT(), nullable=True),
        sa.Column("oi_change_30m", sa.BIGINT(), nullable=True),
        sa.Column("day_open_oi", sa.BIGINT(), nullable=True),
        sa.Column("prev_close_oi", sa.BIGINT(), nullable=True),
        sa.Column("oi_at", sa.TIMESTAMP(), nullable=True),
        sa.Column("iv_forward", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("theoretical_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("delta", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("gamma", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("theta", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("vega", sa.DOUBLE_PRECISION(), nullable=True),
        sa.PrimaryKeyConstraint(
            "exchange", "strike", "option_type", name=op.f("option_chain_latest_pkey")
        ),
        postgresql_with={"fillfactor": "25"},
        if_not_exists=True,
    )
    op.create_table(
        "chain_summary",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=False),
        sa.Column("sequence", sa.BIGINT(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "updated_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("contracts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("oi_known", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("atm_strike", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("underlying_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("future_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("future_oi", sa.BIGINT(), nullable=True),
        sa.Column("future_symbol", sa.Text(), nullable=True),
        sa.Column("underlying_at", sa.TIMESTAMP(), nullable=True),
        sa.Column("lot_size", sa.Integer(), nullable=True),
        sa.Column("vix", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("pcr", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("pcr_volume", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("max_pain", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("oi_ce", sa.BIGINT(), nullable=True),
        sa.Column("oi_pe", sa.BIGINT(), nullable=True),
        sa.Column("volume_ce", sa.BIGINT(), nullable=True),
        sa.Column("volume_pe", sa.BIGINT(), nullable=True),
        sa.Column("straddle", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("atm_iv", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("forward", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("atm_iv_forward", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("itm_oi_ce_pct_change", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("itm_oi_pe_pct_change", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("percent_oichange_fut_3m", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("atm_shift_intensity", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("itm_ce_breadth", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("itm_pe_breadth", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("has_changes", sa.Boolean(), nullable=True),
        sa.Column("context_at", sa.TIMESTAMP(), nullable=True),
        sa.Column("day_open_at", sa.TIMESTAMP(), nullable=True),
        sa.Column("prev_close_at", sa.TIMESTAMP(), nullable=True),
        sa.PrimaryKeyConstraint("exchange", name=op.f("chain_summary_pkey")),
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )
    op.create_table(
        "snapshot_touched",
        sa.Column("transaction_id", sa.BIGINT(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=False),
        sa.PrimaryKeyConstraint(
            "transaction_id", "exchange", "timestamp", name=op.f("snapshot_touched_pkey")
        ),
        prefixes=["UNLOGGED"],
        if_not_exists=True,
    )
