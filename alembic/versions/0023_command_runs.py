"""When each command of the administrator ran last, how long it took, and what failed.

Revises: 0022_writers
"""

import sqlalchemy as sa
from alembic import op

revision = "0023_command_runs"
down_revision = "0022_writers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "command_runs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("began_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("size", sa.BIGINT(), nullable=True),
        sa.Column("failed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("command_runs_pkey")),
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("command_runs", if_exists=True)
