"""Rollup engine: what keeps rollups and policies on the edition that has none of its own.

Revises: 0002_market_time
"""

from alembic import op

revision = "0003_engine"
down_revision = "0002_market_time"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_engine()


def downgrade() -> None:
    op.drop_engine()
