"""How long operations took, sampled every few seconds, and objectives that burned."""

from datetime import timedelta

from sqlalchemy import (
    BIGINT,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Column,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from db.schema.base import double, metadata
from db.timescale.specs import (
    Aggregate,
    HypertableSpec,
    RefreshPolicy,
    RetentionPolicy,
    RollupIndex,
    RollupSpec,
    declare,
)

_KEY = ("service", "kind", "name")

# one row a process, kind and name, and stretch of some seconds in which there was any; `bad` are
# operations that failed or missed their objective, `size` rows or bytes
performance_samples = Table(
    "performance_samples",
    metadata,
    Column("sampled_at", TIMESTAMP(timezone=True), nullable=False),
    Column("service", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    *(Column(name, BIGINT, nullable=False) for name in ("operations", "failures", "bad")),
    *(Column(name, DOUBLE_PRECISION, nullable=False) for name in ("total_ms", "max_ms")),
    double("p95_ms"),
    Column("size", BIGINT),
)
Index("performance_samples_time_idx", performance_samples.c.sampled_at.desc())

# one row a stretch of time in which an objective burned; of each at most one is open
performance_alerts = Table(
    "performance_alerts",
    metadata,
    Column("objective", Text, nullable=False),
    Column("began_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    Column("resolved_at", TIMESTAMP(timezone=True)),
    Column("burn", DOUBLE_PRECISION, nullable=False),
    Column("sentence", Text, nullable=False),
    PrimaryKeyConstraint("objective", "began_at"),
)
Index(
    "performance_alerts_open_idx",
    performance_alerts.c.objective,
    unique=True,
    postgresql_where=performance_alerts.c.resolved_at.is_(None),
)

# one row a command of the administrator's, as it ran last; `failed_at` and `problem` are of the
# newest run that failed
command_runs = Table(
    "command_runs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("process", Text, nullable=False),
    Column("began_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ended_at", TIMESTAMP(timezone=True), nullable=False),
    Column("size", BIGINT),
    Column("failed_at", TIMESTAMP(timezone=True)),
    Column("problem", Text),
    postgresql_with={"fillfactor": "50"},
)


def _rollup(
    name: str, source: str, time: str, bucket: timedelta, chunk: timedelta, refresh: RefreshPolicy
) -> RollupSpec:
    sums = ("operations", "failures", "bad")
    return RollupSpec(
        name=name,
        source=source,
        time_column=time,
        bucket=bucket,
        group_by=_KEY,
        aggregates=(
            *(Aggregate(name=each, expression=f"sum({each})::bigint") for each in sums),
            Aggregate(name="total_ms", expression="sum(total_ms)"),
            Aggregate(name="max_ms", expression="max(max_ms)"),
            Aggregate(name="p95_ms", expression="max(p95_ms)"),
            Aggregate(name="size", expression="sum(size)::bigint"),
        ),
        chunk_interval=chunk,
        indexes=(RollupIndex(columns=("bucket DESC",)),),
        refresh=refresh,
    )


_FIVE_MINUTES, _HOUR, _DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)

performance_5m = _rollup(
    *("performance_5m", "performance_samples", "sampled_at", _FIVE_MINUTES, 7 * _DAY),
    RefreshPolicy(start_offset=_DAY, end_offset=_FIVE_MINUTES, schedule_interval=_FIVE_MINUTES),
)
performance_1h = _rollup(
    *("performance_1h", "performance_5m", "bucket", _HOUR, 30 * _DAY),
    RefreshPolicy(start_offset=3 * _DAY, end_offset=_HOUR, schedule_interval=_HOUR),
)

declare(
    metadata,
    HypertableSpec(table="performance_samples", time_column="sampled_at", chunk_interval=_DAY),
    performance_5m,
    performance_1h,
    RetentionPolicy(relation="performance_samples", drop_after=3 * _DAY),
    RetentionPolicy(relation="performance_5m", drop_after=35 * _DAY),
    RetentionPolicy(relation="performance_1h", drop_after=400 * _DAY),
)
