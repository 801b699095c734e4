"""How long operations took, by process and by five minutes and hours, and objectives that burned.

Revises: 0017_predictions
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0018_performance_samples"
down_revision = "0017_predictions"
branch_labels = None
depends_on = None

_FIVE_MINUTES = timedelta(minutes=5)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

_AGGREGATES = {
    **{name: f"sum({name})::bigint" for name in ("operations", "failures", "bad")},
    "total_ms": "sum(total_ms)",
    "max_ms": "max(max_ms)",
    "p95_ms": "max(p95_ms)",
    "size": "sum(size)::bigint",
}
_SHARED = {
    "group_by": ["service", "kind", "name"],
    "aggregates": _AGGREGATES,
    "indexes": [["bucket DESC"]],
}
_BY_FIVE_MINUTES = {
    "name": "performance_5m",
    "source": "performance_samples",
    "time_column": "sampled_at",
    "bucket": _FIVE_MINUTES,
    "chunk_interval": 7 * _DAY,
    **_SHARED,
}
_BY_HOUR = {
    "name": "performance_1h",
    "source": "performance_5m",
    "time_column": "bucket",
    "bucket": _HOUR,
    "chunk_interval": 30 * _DAY,
    **_SHARED,
}
_REFRESHES = {
    "performance_5m": {
        "start_offset": _DAY,
        "end_offset": _FIVE_MINUTES,
        "schedule_interval": _FIVE_MINUTES,
    },
    "performance_1h": {
        "start_offset": 3 * _DAY,
        "end_offset": _HOUR,
        "schedule_interval": _HOUR,
    },
}
_RETENTIONS = {
    "performance_samples": 3 * _DAY,
    "performance_5m": 35 * _DAY,
    "performance_1h": 400 * _DAY,
}


def upgrade() -> None:
    op.create_table(
        "performance_samples",
        sa.Column("sampled_at", sa.TIMESTAMP(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("service", "process", "kind", "name")
        ),
        *(
            sa.Column(name, sa.BIGINT(), nullable=False)
            for name in ("operations", "failures", "bad")
        ),
        sa.Column("total_ms", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("max_ms", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("p95_ms", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("size", sa.BIGINT(), nullable=True),
        if_not_exists=True,
    )
    op.create_index(
        "performance_samples_time_idx",
        "performance_samples",
        [sa.text("sampled_at DESC")],
        if_not_exists=True,
    )
    op.create_hypertable("performance_samples", time_column="sampled_at", chunk_interval=_DAY)
    op.create_table(
        "performance_alerts",
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column(
            "began_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("burn", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("objective", "began_at", name=op.f("performance_alerts_pkey")),
        if_not_exists=True,
    )
    op.create_index(
        "performance_alerts_open_idx",
        "performance_alerts",
        ["objective"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
        if_not_exists=True,
    )
    for rollup in (_BY_FIVE_MINUTES, _BY_HOUR):
        op.create_rollup(**rollup)
        op.add_refresh_policy(rollup["name"], **_REFRESHES[rollup["name"]])
    for relation, drop_after in _RETENTIONS.items():
        op.add_retention_policy(relation, drop_after=drop_after)


def downgrade() -> None:
    for relation, drop_after in reversed(_RETENTIONS.items()):
        op.remove_retention_policy(relation, drop_after=drop_after)
    for rollup in (_BY_HOUR, _BY_FIVE_MINUTES):
        op.remove_refresh_policy(rollup["name"], **_REFRESHES[rollup["name"]])
        op.drop_rollup(**rollup)
    for table in ("performance_alerts", "performance_samples"):
        op.drop_table(table, if_exists=True)
