"""Market time: the database's time zone is the exchange's, and market_now() reads its clock.

Policies and jobs compare with now(); in another time zone they would run hours behind the market.

Revises: 0001_baseline
"""

from alembic import op

from db.revision_sql import run_sql

revision = "0002_market_time"
down_revision = "0001_baseline"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(op, "0002_market_time")


def downgrade() -> None:
    run_sql(op, "0002_market_time_down")
