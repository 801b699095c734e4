"""OI and price of every contract by five minutes and day.

Revises: 0008_rollups
"""

from datetime import timedelta

from alembic import op

revision = "0009_contract_rollups"
down_revision = "0008_rollups"
branch_labels = None
depends_on = None

_DAY = timedelta(days=1)
_CONTRACT = ["exchange", "strike", "option_type"]
_INDEXES = [[*_CONTRACT, "bucket DESC"]]

_BY_FIVE_MINUTES = {
    "name": "contract_5m",
    "source": "option_chain_snapshots",
    "time_column": "timestamp",
    "bucket": timedelta(minutes=5),
    "group_by": _CONTRACT,
    "aggregates": {
        "oi_open": 'first(oi, "timestamp")',
        "oi_high": "max(oi)",
        "oi_low": "min(oi)",
        "oi_close": 'last(oi, "timestamp")',
        "ltp_open": 'first(ltp, "timestamp")',
        "ltp_high": "max(ltp)",
        "ltp_low": "min(ltp)",
        "ltp_close": 'last(ltp, "timestamp")',
        "volume": 'last(volume, "timestamp")',
    },
    "chunk_interval": timedelta(days=7),
    "indexes": _INDEXES,
}
_BY_DAY = {
    "name": "contract_1d",
    "source": "contract_5m",
    "time_column": "bucket",
    "bucket": _DAY,
    "group_by": _CONTRACT,
    "aggregates": {
        "oi_open": "first(oi_open, bucket)",
        "oi_high": "max(oi_high)",
        "oi_low": "min(oi_low)",
        "oi_close": "last(oi_close, bucket)",
        "ltp_open": "first(ltp_open, bucket)",
        "ltp_high": "max(ltp_high)",
        "ltp_low": "min(ltp_low)",
        "ltp_close": "last(ltp_close, bucket)",
        "volume": "last(volume, bucket)",
    },
    "chunk_interval": timedelta(days=90),
    "indexes": _INDEXES,
}
_POLICIES = {
    "contract_5m": {
        "start_offset": timedelta(days=3),
        "end_offset": timedelta(minutes=5),
        "schedule_interval": timedelta(minutes=5),
    },
    "contract_1d": {
        "start_offset": timedelta(days=7),
        "end_offset": _DAY,
        "schedule_interval": timedelta(hours=1),
    },
}


def upgrade() -> None:
    for rollup in (_BY_FIVE_MINUTES, _BY_DAY):
        op.create_rollup(**rollup)
        op.add_refresh_policy(rollup["name"], **_POLICIES[rollup["name"]])


def downgrade() -> None:
    for rollup in (_BY_DAY, _BY_FIVE_MINUTES):
        op.remove_refresh_policy(rollup["name"], **_POLICIES[rollup["name"]])
        op.drop_rollup(**rollup)
