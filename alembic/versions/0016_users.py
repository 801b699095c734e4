"""Who may sign in at the dashboard, and the sessions that are open.

Revises: 0015_paper
"""

import sqlalchemy as sa
from alembic import op

revision = "0016_users"
down_revision = "0015_paper"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_users",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("site_users_pkey")),
        if_not_exists=True,
    )
    op.create_table(
        "site_sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "opened_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("site_sessions_pkey")),
        if_not_exists=True,
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index("site_sessions_username_idx", "site_sessions", ["username"], if_not_exists=True)


def downgrade() -> None:
    for table in ("site_sessions", "site_users"):
        op.drop_table(table, if_exists=True)
