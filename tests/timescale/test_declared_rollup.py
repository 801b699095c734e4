"""A rollup's retention and columnstore, declared with it, on either edition."""

import sqlalchemy as sa

from db.timescale.specs import (
    Aggregate,
    ColumnstoreSpec,
    HypertableSpec,
    RefreshPolicy,
    RollupSpec,
    declare,
)
from tests.timescale.project import Project
from tests.timescale.test_autogenerate import DAY, fill, readings


def declared(project: Project, keep_days: int | None) -> None:
    project.metadata = sa.MetaData()
    readings(project.metadata)
    rollup = RollupSpec(
        name="daily",
        source="readings",
        time_column="taken_at",
        bucket=DAY,
        group_by=("sensor",),
        aggregates=(Aggregate(name="warmest", expression="max(celsius)"),),
        refresh=RefreshPolicy(start_offset=9 * DAY, end_offset=DAY, schedule_interval=DAY),
        retention=None if keep_days is None else keep_days * DAY,
    )
    hypertable = HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY)
    declare(project.metadata, hypertable, rollup)
    if keep_days is not None:
        declare(
            project.metadata,
            ColumnstoreSpec(relation="daily", segment_by=("sensor",), after=99 * DAY),
        )


def test_a_rollup_is_kept_and_stored_by_column_as_declared(project: Project) -> None:
    declared(project, None)
    project.autogenerate("rollup")
    project.upgrade()
    fill(project)
    declared(project, 4000)
    written = project.autogenerate("policies")
    assert "op.add_retention_policy('daily'" in written
    project.upgrade()
    assert project.differences() == []
    declared(project, 5000)
    assert "op.alter_retention_policy" in project.autogenerate("longer")
    project.upgrade()
    assert project.differences() == []
    project.downgrade("-2")
    project.upgrade()
    assert project.differences() == []
    declared(project, None)
    project.autogenerate("for ever")
    project.upgrade()
    assert project.differences() == []
    project.downgrade("base")
    assert project.rows("SELECT to_regclass('daily'), to_regclass('readings')") == [(None, None)]
