"""A snapshot is stored with less work: contracts updated by one join, no log of what is settled.

Only functions are replaced, those of the rollup engine among them.

Revises: 0012_retention
"""

from alembic import op

from db.revision_sql import run_sql

revision = "0013_lean_writes"
down_revision = "0012_retention"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # script by script: writers log into the engine's tables
    with op.get_context().autocommit_block():
        op.install_engine(upgrade_from=1)
    run_sql(op, "0013_lean_writes")


def downgrade() -> None:
    run_sql(op, "0013_lean_writes_down")
    op.drop_engine(keep_version=1)
