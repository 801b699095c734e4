"""Chain history as a hypertable of one-day chunks, keyed in the order it is read.

The new key serves what three indexes served: the old key, its order by time, and the number.

Revises: 0003_engine
"""

from datetime import timedelta

from alembic import op

from db.revision_sql import run_sql
from db.timescale.specs import UniqueKey

revision = "0004_chain_hypertable"
down_revision = "0003_engine"
branch_labels = None
depends_on = None
# rows are moved in transactions of their own; stopped there, `downgrade` takes back what it left
commits_midway = True

_HYPERTABLE = {
    "table": "option_chain_snapshots",
    "time_column": "timestamp",
    "chunk_interval": timedelta(days=1),
    "unique_keys": [
        UniqueKey(
            name="option_chain_snapshots_key",
            columns=("exchange", '"timestamp"', "strike", "option_type"),
        )
    ],
    "drop_constraints": {
        "option_chain_snapshots_pkey": "PRIMARY KEY (id)",
        "option_chain_snapshots_timestamp_exchange_strike_option_typ_key": (
            'UNIQUE ("timestamp", exchange, strike, option_type)'
        ),
    },
    "drop_indexes": {
        "option_chain_snapshots_timestamp_exchange_idx": (
            "CREATE INDEX option_chain_snapshots_timestamp_exchange_idx "
            'ON option_chain_snapshots ("timestamp", exchange)'
        ),
    },
}


def upgrade() -> None:
    run_sql(op, "0004_chain_expiry")
    op.create_hypertable(**_HYPERTABLE)


def downgrade() -> None:
    op.drop_hypertable(**_HYPERTABLE)
    run_sql(op, "0004_chain_expiry_down")
