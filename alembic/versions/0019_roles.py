"""Sign-in attempts counted for all hosts, and the rights of the roles that processes connect as.

What the roles may do is given after the last revision of an upgrade, as later ones bring tables of
their own; on the way down it is taken back here.

Revises: 0018_performance_samples
"""

import sqlalchemy as sa
from alembic import op

from db.revision_sql import run_sql

revision = "0019_roles"
down_revision = "0018_performance_samples"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_attempts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("last_at", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("pending", sa.ARRAY(sa.DOUBLE_PRECISION()), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("site_attempts_pkey")),
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )
    op.create_index("site_attempts_last_idx", "site_attempts", ["last_at"], if_not_exists=True)


def downgrade() -> None:
    run_sql(op, "0019_roles_down")
    op.drop_table("site_attempts", if_exists=True)
