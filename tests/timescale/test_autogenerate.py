"""Autogenerate on a small metadata of its own: what it writes, applied, leaves nothing to do."""

from datetime import timedelta

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from db.timescale import plugin
from db.timescale.specs import (
    ColumnstoreSpec,
    HypertableSpec,
    OrderBy,
    ReorderPolicy,
    RetentionPolicy,
    SpaceDimension,
    declare,
)
from tests.timescale.project import Project

DAY = timedelta(days=1)


def readings(metadata: sa.MetaData, *more: sa.Column, **options: object) -> sa.Table:
    return sa.Table(
        "readings",
        metadata,
        sa.Column("taken_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sensor", sa.Text, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("celsius", sa.Float),
        *more,
        **options,
    )


def everything(metadata: sa.MetaData, name: str = "readings") -> None:
    table = readings(metadata)
    sa.Index("readings_key", table.c.sensor, table.c.taken_at.desc(), unique=True)
    sa.Index(
        "readings_hot",
        table.c.taken_at.desc(),
        postgresql_where=table.c.celsius > 30,
        postgresql_include=["celsius"],
    )
    sa.Index("readings_room", sa.func.lower(table.c.room))
    sa.Index(
        "readings_brin",
        table.c.taken_at,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 16},
    )
    declare(
        metadata,
        HypertableSpec(table=name, time_column="taken_at", chunk_interval=DAY),
        RetentionPolicy(relation=name, drop_after=365 * DAY),
        ColumnstoreSpec(
            relation=name,
            segment_by=("sensor",),
            order_by=(OrderBy(column="taken_at", descending=True),),
            after=7 * DAY,
        ),
        ReorderPolicy(table=name, index="readings_key"),
    )


def fill(project: Project, rows: int = 500) -> None:
    project.execute(
        f"""
        INSERT INTO readings (taken_at, sensor, room, celsius)
        SELECT TIMESTAMPTZ '2026-01-01' + make_interval(hours => i), 's' || i, 'Room', i % 40
        FROM generate_series(1, {rows}) AS s (i)
        """  # noqa: S608  # a number
    )


def test_a_new_declaration_applied_leaves_nothing_to_do(project: Project) -> None:
    everything(project.metadata)
    project.autogenerate("everything")
    project.upgrade()
    assert project.differences() == []
    project.downgrade()
    assert project.rows("SELECT count(*) FROM pg_class WHERE relname = 'readings'") == [(0,)]
    project.upgrade()
    assert project.differences() == []


def test_two_names_of_one_relation_are_no_difference(project: Project) -> None:
    everything(project.metadata, "public.readings")
    project.autogenerate("everything")
    project.upgrade()
    assert project.differences() == []
    project.metadata = sa.MetaData()
    everything(project.metadata)
    assert project.differences() == []


def test_a_populated_plain_table_becomes_a_hypertable_and_returns(project: Project) -> None:
    readings(project.metadata, sa.Column("id", sa.BigInteger, primary_key=True))
    project.autogenerate("plain")
    project.upgrade()
    fill(project)
    project.metadata = sa.MetaData()
    table = readings(
        project.metadata,
        sa.Column("id", sa.BigInteger, sa.Sequence("readings_id_seq"), nullable=False),
    )
    sa.Index("readings_key", table.c.sensor, table.c.taken_at.desc(), unique=True)
    sa.Index("readings_room", sa.func.lower(table.c.room))
    declare(
        project.metadata,
        HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY),
    )
    text = project.autogenerate("hypertable")
    assert "drop_constraints={'readings_pkey': 'PRIMARY KEY (id)'}" in text
    before = schema_of(project)
    rows = project.rows("SELECT * FROM readings ORDER BY id")
    project.upgrade()
    assert project.differences() == []
    assert project.rows("SELECT * FROM readings ORDER BY id") == rows
    assert project.rows("SELECT count(*) > 5 FROM show_chunks('readings')") == [(True,)]
    project.downgrade()
    assert schema_of(project) == before
    assert project.rows("SELECT * FROM readings ORDER BY id") == rows


def schema_of(project: Project) -> list[tuple[object, ...]]:
    return project.rows(
        """
        SELECT 'column', attname, format_type(atttypid, atttypmod) || attnotnull
        FROM pg_attribute WHERE attrelid = 'readings'::regclass AND attnum > 0
        UNION ALL
        SELECT 'index', relname, pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = 'readings'::regclass
        UNION ALL
        SELECT 'constraint', conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE conrelid = 'readings'::regclass
        UNION ALL
        SELECT 'trigger', tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE tgrelid = 'readings'::regclass
        ORDER BY 1, 2
        """
    )


def test_every_change_of_a_declaration_is_seen_and_undone(project: Project) -> None:
    everything(project.metadata)
    project.autogenerate("everything")
    project.upgrade()
    fill(project)
    before = schema_of(project)
    project.metadata = sa.MetaData()
    table = readings(project.metadata)
    sa.Index("readings_key", table.c.sensor, table.c.taken_at.desc(), unique=True)
    sa.Index(
        "readings_hot",
        table.c.taken_at.desc(),
        postgresql_where=table.c.celsius > 35,
        postgresql_include=["celsius", "room"],
    )
    sa.Index("readings_room", sa.func.upper(table.c.room))
    declare(
        project.metadata,
        HypertableSpec(
            table="readings",
            time_column="taken_at",
            chunk_interval=2 * DAY,
            space=(),
        ),
        RetentionPolicy(
            relation="readings", drop_after=400 * DAY, schedule_interval=timedelta(hours=3)
        ),
        ColumnstoreSpec(relation="readings", segment_by=("sensor", "room"), after=9 * DAY),
        ReorderPolicy(table="readings", index="readings_hot"),
    )
    text = project.autogenerate("changed")
    project.upgrade()
    assert project.differences() == []
    for call in (
        "op.set_chunk_interval",
        "op.drop_chunk_index(\n        'readings_brin'",
        "op.alter_retention_policy",
        "op.alter_columnstore",
        "op.alter_columnstore_policy",
        "op.alter_reorder_policy",
    ):
        assert call in text
    project.downgrade()
    assert schema_of(project) == before
    everything_again = sa.MetaData()
    everything(everything_again)
    project.metadata = everything_again
    assert project_differences_at(project) == []


def project_differences_at(project: Project) -> list[object]:
    """What is declared against the database, whatever revision it is at."""
    with project.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"autogenerate_plugins": plugin.AUTOGENERATE, **project.options}
        )
        return compare_metadata(context, project.metadata)


def test_a_space_dimension_is_added_and_taken_away(project: Project) -> None:
    table = readings(project.metadata)
    sa.Index("readings_key", table.c.sensor, table.c.taken_at.desc(), unique=True)
    declare(
        project.metadata,
        HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY),
    )
    project.autogenerate("time")
    project.upgrade()
    fill(project)
    before = schema_of(project)
    project.metadata = sa.MetaData()
    table = readings(project.metadata)
    sa.Index("readings_key", table.c.sensor, table.c.taken_at.desc(), unique=True)
    declare(
        project.metadata,
        HypertableSpec(
            table="readings",
            time_column="taken_at",
            chunk_interval=DAY,
            space=(SpaceDimension(column="sensor", partitions=3),),
        ),
    )
    project.autogenerate("space")
    project.upgrade()
    assert project.differences() == []
    project.downgrade()
    assert schema_of(project) == before
    assert project.rows("SELECT count(*) FROM readings") == [(500,)]


def test_what_timescaledb_made_is_never_proposed_for_dropping(project: Project) -> None:
    readings(project.metadata)
    declare(
        project.metadata,
        HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY),
    )
    project.execute(
        """
        CREATE TABLE readings (
          taken_at timestamptz NOT NULL, sensor text NOT NULL, room text, celsius float
        );
        SELECT create_hypertable('readings', by_range('taken_at', INTERVAL '1 day'));
        """
    )
    fill(project)
    project.options["include_schemas"] = True
    assert project_differences_at(project) == []
