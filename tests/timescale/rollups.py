"""A hypertable with rows, and rollups of it, that tests declare."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from db.timescale.specs import (
    INFO_KEY,
    Aggregate,
    HypertableSpec,
    RefreshPolicy,
    RollupIndex,
    RollupSpec,
    declare,
)
from tests.timescale.project import Project

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

HOURLY = RollupSpec(
    name="room_1h",
    source="readings",
    time_column="taken_at",
    bucket=HOUR,
    group_by=("room",),
    aggregates=(
        Aggregate(name="warmest", expression="max(celsius)"),
        Aggregate(name="latest", expression="last(celsius, taken_at)"),
        Aggregate(name="labelled", expression="count(*) FILTER (WHERE room LIKE 'A%')"),
    ),
    chunk_interval=10 * DAY,
    indexes=(RollupIndex(columns=("room", "bucket DESC")), RollupIndex(columns=("warmest",))),
    refresh=RefreshPolicy(
        start_offset=3 * DAY, end_offset=HOUR, schedule_interval=timedelta(minutes=10)
    ),
)
DAILY = RollupSpec(
    name="room_1d",
    source="room_1h",
    time_column="bucket",
    bucket=DAY,
    group_by=("room",),
    aggregates=(
        Aggregate(name="warmest", expression="max(warmest)"),
        Aggregate(name="hours", expression="count(*)"),
    ),
    refresh=RefreshPolicy(start_offset=None, end_offset=DAY, schedule_interval=HOUR),
)


def readings(metadata: sa.MetaData, *, zoned: bool = True) -> None:
    """The table every rollup here reads, as a hypertable of one-day chunks."""
    sa.Table(
        "readings",
        metadata,
        sa.Column("taken_at", sa.TIMESTAMP(timezone=zoned), nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("celsius", sa.Float, nullable=False),
        sa.Index("readings_key", "room", "taken_at", unique=True),
    )
    declare(metadata, HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY))


def migrated(project: Project, *specs: RollupSpec, zoned: bool = True, days: int = 0) -> None:
    """The table, with rows of some days, and then the rollups, each through autogenerate."""
    readings(project.metadata, zoned=zoned)
    project.autogenerate("table")
    project.upgrade()
    fill(project, days)
    declare(project.metadata, *specs)
    project.autogenerate("rollups")
    project.upgrade()


def fill(project: Project, days: int) -> None:
    """Two rooms' readings every 20 minutes from 2026-01-01 on."""
    project.execute(
        f"""
        SET TimeZone = 'UTC';
        INSERT INTO readings (taken_at, room, celsius)
        SELECT t, r, 15 + extract(hour FROM t) + length(r)
        FROM generate_series(
            TIMESTAMPTZ '2026-01-01', TIMESTAMPTZ '2026-01-01' + INTERVAL '{days} days'
            - INTERVAL '20 minutes', '20 minutes'
        ) AS t
        CROSS JOIN unnest(ARRAY['Attic', 'Hall']) AS r
        """  # noqa: S608  # a number
    )


def redeclare(project: Project, spec: RollupSpec, **changes: object) -> RollupSpec:
    """Puts another spec of the same name into the declaration."""
    changed = replace(spec, **changes)
    specs = project.metadata.info[INFO_KEY]
    specs[[other == spec for other in specs].index(True)] = changed
    return changed


def undeclare(project: Project, *gone: RollupSpec) -> None:
    """Takes rollups out of the declaration."""
    specs = project.metadata.info[INFO_KEY]
    specs[:] = [spec for spec in specs if spec not in gone]
