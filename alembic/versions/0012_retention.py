"""Contracts by five minutes are kept for two years; their days, and all of history, for good.

Revises: 0011_archive
"""

from datetime import timedelta

from alembic import op

revision = "0012_retention"
down_revision = "0011_archive"
branch_labels = None
depends_on = None

_TWO_YEARS = timedelta(days=730)


def upgrade() -> None:
    op.add_retention_policy("contract_5m", drop_after=_TWO_YEARS)


def downgrade() -> None:
    op.remove_retention_policy("contract_5m", drop_after=_TWO_YEARS)
