"""The series beside the chain as hypertables of seven-day chunks.

Revises: 0005_chain_indexes
"""

from datetime import timedelta

from alembic import op

from db.timescale.specs import UniqueKey

revision = "0006_series_hypertables"
down_revision = "0005_chain_indexes"
branch_labels = None
depends_on = None
# rows are moved in transactions of their own; stopped there, `downgrade` takes back what it left
commits_midway = True

_WEEK = timedelta(days=7)
_FEATURES = {
    "table": "ml_features",
    "time_column": "timestamp",
    "chunk_interval": _WEEK,
    "unique_keys": [
        UniqueKey(name="ml_features_key", columns=("exchange", '"timestamp" DESC')),
    ],
    "drop_constraints": {"ml_features_pkey": 'PRIMARY KEY ("timestamp", exchange)'},
    "drop_indexes": {
        "ml_features_timestamp_exchange_idx": (
            'CREATE INDEX ml_features_timestamp_exchange_idx ON ml_features ("timestamp", exchange)'
        ),
    },
}
_NUMBERED = (
    "vix_term_structure",
    "macro_signals",
    "order_book_depth_snapshots",
    "paper_trading_metrics",
)


def upgrade() -> None:
    op.create_hypertable(**_FEATURES)
    for table in _NUMBERED:
        op.create_hypertable(
            table,
            time_column="timestamp",
            chunk_interval=_WEEK,
            drop_constraints={f"{table}_pkey": "PRIMARY KEY (id)"},
        )


def downgrade() -> None:
    for table in reversed(_NUMBERED):
        op.drop_hypertable(
            table,
            time_column="timestamp",
            chunk_interval=_WEEK,
            drop_constraints={f"{table}_pkey": "PRIMARY KEY (id)"},
        )
    op.drop_hypertable(**_FEATURES)
