"""Legacy tables: created where the database is empty, adopted where they are there.

Revises:
"""

from alembic import op

from db.baseline.steps import adopt_or_create

revision = "0001_baseline"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    adopt_or_create(op)


def downgrade() -> None:
    """The tables stay: they and their rows are the legacy program's."""
