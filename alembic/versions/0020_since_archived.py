"""Archives outlive what is done to their table; a clean-up deletes as many rows as it likes.

Revises: 0019_roles
"""

from datetime import timedelta

from alembic import op

from db.revision_sql import run_sql

revision = "0020_since_archived"
down_revision = "0019_roles"
branch_labels = None
depends_on = None

# the old program deletes what is older than 30 days, so that of a day on its last one nothing was
# left to archive
_POLICY = {
    "table": "option_chain_snapshots",
    "archive_after": timedelta(days=29),
    "schedule_interval": timedelta(hours=1),
    "existing_archive_after": timedelta(days=30),
    "existing_schedule_interval": timedelta(days=1),
}


def upgrade() -> None:
    op.install_engine()
    op.alter_archive_policy(**_POLICY)
    run_sql(op, "0020_cleanup")


def downgrade() -> None:
    """The engine stays: it serves the revisions below as well."""
    run_sql(op, "0020_cleanup_down")
    op.alter_archive_policy(
        "option_chain_snapshots",
        archive_after=_POLICY["existing_archive_after"],
        schedule_interval=_POLICY["existing_schedule_interval"],
        existing_archive_after=_POLICY["archive_after"],
        existing_schedule_interval=_POLICY["schedule_interval"],
    )
