"""An index for one contract's series, built chunk by chunk.

Revises: 0004_chain_hypertable
"""

from alembic import op

revision = "0005_chain_indexes"
down_revision = "0004_chain_hypertable"
branch_labels = None
depends_on = None

_COLUMNS = ["exchange", "strike", "option_type", "timestamp"]


def upgrade() -> None:
    op.create_chunk_index(
        "option_chain_snapshots_contract_idx", "option_chain_snapshots", columns=_COLUMNS
    )


def downgrade() -> None:
    op.drop_chunk_index(
        "option_chain_snapshots_contract_idx", "option_chain_snapshots", columns=_COLUMNS
    )
