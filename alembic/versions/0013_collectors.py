"""Who may write each chain, what its feed is at, and the contracts that were listed by day.

Revises: 0012_retention
"""

import sqlalchemy as sa
from alembic import op

revision = "0013_collectors"
down_revision = "0012_retention"
branch_labels = None
depends_on = None

_FOR_HOT = {"fillfactor": "50"}


def upgrade() -> None:
    op.create_table(
        "collector_leases",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("term", sa.BIGINT(), server_default=sa.text("1"), nullable=False),
        sa.Column("renewed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f("collector_leases_pkey")),
        postgresql_with=_FOR_HOT,
        if_not_exists=True,
    )
    op.create_table(
        "feed_states",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f("feed_states_pkey")),
        postgresql_with=_FOR_HOT,
        if_not_exists=True,
    )
    op.create_table(
        "instruments",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("token", sa.BIGINT(), nullable=False),
        sa.Column("underlying", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("strike", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("lot_size", sa.Integer(), nullable=False),
        sa.Column("tick_size", sa.DOUBLE_PRECISION(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "symbol", "first_day", name=op.f("instruments_pkey")),
        if_not_exists=True,
    )
    op.create_index(
        "instruments_underlying_idx",
        "instruments",
        ["underlying", "last_day"],
        if_not_exists=True,
    )


def downgrade() -> None:
    for table in ("instruments", "feed_states", "collector_leases"):
        op.drop_table(table, if_exists=True)
