"""What users trade on paper: their orders, what was filled at which price, and what they hold.

Revises: 0014_alerts
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_paper"
down_revision = "0014_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_orders",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("ends", sa.TIMESTAMP(), nullable=True),
        sa.Column(
            "placed_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("paper_orders_pkey")),
        sa.UniqueConstraint("owner", "key", name=op.f("paper_orders_owner_key_key")),
        if_not_exists=True,
    )
    op.create_index(
        "paper_orders_owner_idx", "paper_orders", ["owner", "placed_at"], if_not_exists=True
    )
    op.create_index(
        "paper_orders_resting_idx",
        "paper_orders",
        ["id"],
        postgresql_where=sa.text("status = 'resting'::text"),
        if_not_exists=True,
    )
    op.create_table(
        "paper_positions",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("strike", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("option_type", sa.Text(), nullable=False),
        sa.Column("lot_size", sa.Integer(), nullable=False),
        sa.Column("units", sa.BIGINT(), nullable=False),
        sa.Column("average_price", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("realised", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("opened", sa.TIMESTAMP(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("paper_positions_pkey")),
        sa.UniqueConstraint(
            "owner", "symbol", "expiry", name=op.f("paper_positions_owner_symbol_expiry_key")
        ),
        if_not_exists=True,
    )
    _create_fills()


def _create_fills() -> None:
    op.create_table(
        "paper_fills",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("order_id", sa.BIGINT(), nullable=False),
        sa.Column("position_id", sa.BIGINT(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=False),
        sa.Column("units", sa.BIGINT(), nullable=False),
        sa.Column("price", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("realised", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("paper_fills_pkey")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["paper_orders.id"], name=op.f("paper_fills_order_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["position_id"], ["paper_positions.id"], name=op.f("paper_fills_position_id_fkey")
        ),
        if_not_exists=True,
    )
    op.create_index(
        "paper_fills_owner_idx", "paper_fills", ["owner", "timestamp"], if_not_exists=True
    )
    op.create_index("paper_fills_order_idx", "paper_fills", ["order_id"], if_not_exists=True)


def downgrade() -> None:
    for table in ("paper_fills", "paper_positions", "paper_orders"):
        op.drop_table(table, if_exists=True)
