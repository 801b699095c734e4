"""What models said of each snapshot, and what came of it.

Revises: 0016_users
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017_predictions"
down_revision = "0016_users"
branch_labels = None
depends_on = None

_HYPERTABLE = {
    "table": "predictions",
    "time_column": "timestamp",
    "chunk_interval": timedelta(days=7),
}


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.DOUBLE_PRECISION(), nullable=False)
            for name in ("confidence", "p_sell", "p_hold", "p_buy")
        ),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("horizon_s", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.DOUBLE_PRECISION(), nullable=True)
            for name in ("width", "cost_bps", "latency_ms")
        ),
        sa.Column("outcome", sa.SmallInteger(), nullable=True),
        sa.Column("move", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("feedback", sa.SmallInteger(), nullable=True),
        sa.Column(
            "made_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        if_not_exists=True,
    )
    op.create_index(
        "predictions_key",
        "predictions",
        ["exchange", sa.text('"timestamp" DESC')],
        unique=True,
        if_not_exists=True,
    )
    op.create_hypertable(**_HYPERTABLE)
    op.create_table(
        "signal_latest",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=True),
        sa.Column("model_id", sa.Text(), nullable=True),
        sa.Column("signal", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.DOUBLE_PRECISION(), nullable=True)
            for name in ("confidence", "p_sell", "p_hold", "p_buy")
        ),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("horizon_s", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("drift", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("exchange", name=op.f("signal_latest_pkey")),
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )


def downgrade() -> None:
    for table in ("signal_latest", "predictions"):
        op.drop_table(table, if_exists=True)
