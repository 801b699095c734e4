"""Second factors of users: a sealed secret, what was taken of it last, and recovery codes.

Revises: 0023_command_runs
"""

import sqlalchemy as sa
from alembic import op

revision = "0024_second_factor"
down_revision = "0023_command_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_second_factors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_step", sa.BIGINT(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "recovery",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["name"],
            ["site_users.name"],
            name=op.f("site_second_factors_name_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("site_second_factors_pkey")),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("site_second_factors", if_exists=True)
