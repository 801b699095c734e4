"""How volatility leans, beside the other features of an instant.

Revises: 0020_since_archived
"""

import sqlalchemy as sa
from alembic import op

revision = "0021_iv_skew"
down_revision = "0020_since_archived"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ml_features", sa.Column("iv_skew", sa.DOUBLE_PRECISION()), if_not_exists=True)


def downgrade() -> None:
    op.drop_column("ml_features", "iv_skew", if_exists=True)
