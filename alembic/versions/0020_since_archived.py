"""Archives outlive what is done to their table; a clean-up deletes as many rows as it likes.

Revises: 0017_predictions
"""

from alembic import op

from db.revision_sql import run_sql

revision = "0020_since_archived"
down_revision = "0017_predictions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.install_engine()
    run_sql(op, "0020_cleanup")


def downgrade() -> None:
    """The engine stays: it serves the revisions below as well."""
    run_sql(op, "0020_cleanup_down")
