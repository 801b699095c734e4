"""What traders want to be told of, and what they were told.

Revises: 0013_collectors
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014_alerts"
down_revision = "0013_collectors"
branch_labels = None
depends_on = None

_SYSTEM_TIME = sa.TIMESTAMP(timezone=True)
_NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("params", JSONB(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("repeats", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("cooldown_s", sa.Integer(), nullable=False),
        sa.Column("state", JSONB(), nullable=True),
        sa.Column("revision", sa.BIGINT(), server_default=sa.text("0"), nullable=False),
        sa.Column("fired_at", _SYSTEM_TIME, nullable=True),
        sa.Column("created_at", _SYSTEM_TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("alerts_pkey")),
        if_not_exists=True,
    )
    op.create_index("alerts_owner_idx", "alerts", ["owner"], if_not_exists=True)
    op.create_table(
        "alert_events",
        sa.Column("id", sa.BIGINT(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.BIGINT(), nullable=False),
        sa.Column("revision", sa.BIGINT(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fired", sa.Boolean(), nullable=False),
        sa.Column("told_at", _SYSTEM_TIME, server_default=_NOW, nullable=False),
        sa.Column("timestamp", sa.TIMESTAMP(), nullable=True),
        sa.Column("sequence", sa.BIGINT(), nullable=True),
        sa.Column("value", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_events_pkey")),
        sa.UniqueConstraint(
            "alert_id", "revision", name=op.f("alert_events_alert_id_revision_key")
        ),
        if_not_exists=True,
    )
    op.create_index("alert_events_owner_idx", "alert_events", ["owner", "id"], if_not_exists=True)
    op.create_table(
        "alert_looks",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("looked_at", _SYSTEM_TIME, nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f("alert_looks_pkey")),
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )


def downgrade() -> None:
    for table in ("alert_looks", "alert_events", "alerts"):
        op.drop_table(table, if_exists=True)
