"""OI, volume and the index by minute, five minutes and day.

Revises: 0007_live_edge
"""

from datetime import timedelta

from alembic import op

revision = "0008_rollups"
down_revision = "0007_live_edge"
branch_labels = None
depends_on = None

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_INDEXES = [["exchange", "bucket DESC"]]

_BY_MINUTE = {
    "name": "oi_1m",
    "source": "snapshots",
    "time_column": "timestamp",
    "bucket": _MINUTE,
    "group_by": ["exchange"],
    "aggregates": {
        "oi_ce": 'last(oi_ce, "timestamp")',
        "oi_pe": 'last(oi_pe, "timestamp")',
        "volume_ce": 'last(volume_ce, "timestamp")',
        "volume_pe": 'last(volume_pe, "timestamp")',
        "underlying_open": 'first(underlying_price, "timestamp")',
        "underlying_high": "max(underlying_price)",
        "underlying_low": "min(underlying_price)",
        "underlying_close": 'last(underlying_price, "timestamp")',
        "future_close": 'last(future_price, "timestamp")',
        "snapshots": "count(*)",
    },
    "chunk_interval": timedelta(days=30),
    "indexes": _INDEXES,
}
_OF_BUCKETS = {
    "oi_ce": "last(oi_ce, bucket)",
    "oi_pe": "last(oi_pe, bucket)",
    "volume_ce": "last(volume_ce, bucket)",
    "volume_pe": "last(volume_pe, bucket)",
    "underlying_open": "first(underlying_open, bucket)",
    "underlying_high": "max(underlying_high)",
    "underlying_low": "min(underlying_low)",
    "underlying_close": "last(underlying_close, bucket)",
    "future_close": "last(future_close, bucket)",
    "snapshots": "sum(snapshots)::bigint",
}
_BY_FIVE_MINUTES = {
    "name": "oi_5m",
    "source": "oi_1m",
    "time_column": "bucket",
    "bucket": timedelta(minutes=5),
    "group_by": ["exchange"],
    "aggregates": _OF_BUCKETS,
    "chunk_interval": timedelta(days=90),
    "indexes": _INDEXES,
}
_BY_DAY = {
    "name": "oi_1d",
    "source": "oi_5m",
    "time_column": "bucket",
    "bucket": _DAY,
    "group_by": ["exchange"],
    "aggregates": _OF_BUCKETS,
    "chunk_interval": timedelta(days=3650),
    "indexes": _INDEXES,
}
_POLICIES = {
    "oi_1m": {
        "start_offset": timedelta(days=3),
        "end_offset": _MINUTE,
        "schedule_interval": _MINUTE,
    },
    "oi_5m": {
        "start_offset": timedelta(days=3),
        "end_offset": timedelta(minutes=5),
        "schedule_interval": timedelta(minutes=5),
    },
    "oi_1d": {
        "start_offset": timedelta(days=7),
        "end_offset": _DAY,
        "schedule_interval": timedelta(hours=1),
    },
}


def upgrade() -> None:
    for rollup in (_BY_MINUTE, _BY_FIVE_MINUTES, _BY_DAY):
        op.create_rollup(**rollup)
        op.add_refresh_policy(rollup["name"], **_POLICIES[rollup["name"]])


def downgrade() -> None:
    for rollup in (_BY_DAY, _BY_FIVE_MINUTES, _BY_MINUTE):
        op.remove_refresh_policy(rollup["name"], **_POLICIES[rollup["name"]])
        op.drop_rollup(**rollup)
