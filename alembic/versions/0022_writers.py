"""What other programs store costs them less: logged once an instant, read once for the live edge.

Revises: 0021_iv_skew
"""

from alembic import op

from db.revision_sql import restore_sql, run_sql

revision = "0022_writers"
down_revision = "0021_iv_skew"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # by itself: for a moment nobody may read the newest chains
    with op.get_context().autocommit_block():
        run_sql(op, "0022_order")
    op.install_engine()
    run_sql(op, "0022_writers")


def downgrade() -> None:
    # the newer engine stays: it serves what an earlier one made
    run_sql(op, "0022_writers_down")
    restore_sql(
        op,
        *(
            f"0007_live_edge/{name}"
            for name in (
                "1_touch",
                "2_snapshots",
                "3_baselines",
                "4_summary",
                "5_chain",
                "6_settle",
                "7_write",
                "8_triggers",
            )
        ),
    )
