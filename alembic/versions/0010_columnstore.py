"""Closed chunks of the chain by column (Community; Apache records that it was left out).

Segments by exchange, so that any instant stays one batch away.

Revises: 0009_contract_rollups
"""

from datetime import timedelta

from alembic import op

revision = "0010_columnstore"
down_revision = "0009_contract_rollups"
branch_labels = None
depends_on = None

_SEGMENT_BY = ["exchange"]
_ORDER_BY = ["timestamp DESC", "strike", "option_type"]
_AFTER = timedelta(days=2)


def upgrade() -> None:
    op.enable_columnstore("option_chain_snapshots", segment_by=_SEGMENT_BY, order_by=_ORDER_BY)
    op.add_columnstore_policy("option_chain_snapshots", after=_AFTER)


def downgrade() -> None:
    op.remove_columnstore_policy("option_chain_snapshots", after=_AFTER)
    op.disable_columnstore("option_chain_snapshots", segment_by=_SEGMENT_BY, order_by=_ORDER_BY)
