"""Every operation: its reverse is exact, and its text makes the very same operation."""

import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op_text
from alembic.migration import MigrationContext
from alembic.operations import Operations

from db.timescale import plugin
from db.timescale.ops.archive import (
    AddArchivePolicyOp,
    AlterArchivePolicyOp,
)
from db.timescale.ops.base import TimescaleOp
from db.timescale.ops.columnstore import (
    AlterColumnstoreOp,
    ConvertToColumnstoreOp,
    EnableColumnstoreOp,
)
from db.timescale.ops.columnstore_policy import (
    AddColumnstorePolicyOp,
    AlterColumnstorePolicyOp,
)
from db.timescale.ops.hypertable import AddDimensionOp, CreateHypertableOp, SetChunkIntervalOp
from db.timescale.ops.index import CreateChunkIndexOp
from db.timescale.ops.reorder import AddReorderPolicyOp, AlterReorderPolicyOp
from db.timescale.ops.retention import AddRetentionPolicyOp, AlterRetentionPolicyOp
from db.timescale.specs import SpaceDimension, UniqueKey
from tests.timescale.project import Project

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)

OPERATIONS = [
    CreateHypertableOp(table="t", time_column="at", chunk_interval=DAY),
    CreateHypertableOp(
        table='odd."name',
        time_column="at",
        chunk_interval=DAY + HOUR,
        space=(SpaceDimension(column="x", partitions=2),),
        unique_keys=(UniqueKey(name="k", columns=("x", "at DESC"), primary=False),),
        drop_constraints={"t_pkey": "PRIMARY KEY (id)"},
        drop_indexes={"i": "CREATE INDEX i ON t USING btree (lower(x)) WHERE x ~~ '100 %'"},
        with_table=True,
    ),
    SetChunkIntervalOp(table="t", interval=DAY, existing=2 * DAY),
    AddDimensionOp(table="t", column="x", partitions=4),
    CreateChunkIndexOp(name="i", table="t", columns=["x"]),
    CreateChunkIndexOp(
        name="i",
        table="s.t",
        columns=["lower(x)", '"timestamp" DESC'],
        unique=True,
        using="btree",
        include=["y"],
        where="x <> 'it''s'",
        nulls_not_distinct=True,
        options={"fillfactor": "70"},
    ),
    AddRetentionPolicyOp(relation="t", drop_after=30 * DAY),
    AlterRetentionPolicyOp(
        relation="t",
        drop_after=30 * DAY,
        existing_drop_after=20 * DAY,
        existing_schedule_interval=HOUR,
    ),
    EnableColumnstoreOp(table="t", segment_by=["x"], order_by=["at DESC"]),
    AlterColumnstoreOp(table="t", segment_by=["x"], existing_order_by=["at"]),
    ConvertToColumnstoreOp(table="t", older_than=7 * DAY),
    AddColumnstorePolicyOp(table="t", after=7 * DAY, schedule_interval=HOUR),
    AlterColumnstorePolicyOp(table="t", after=7 * DAY, existing_after=DAY),
    AddReorderPolicyOp(table="t", index="i"),
    AlterReorderPolicyOp(table="t", index="i", existing_index="j"),
    AddArchivePolicyOp(
        table="t",
        archive_after=30 * DAY,
        archive_table="archive.t",
        history_view="t_history",
        archive_chunk_interval=30 * DAY,
    ),
    AlterArchivePolicyOp(table="t", archive_after=30 * DAY, existing_archive_after=DAY),
]


@pytest.fixture
def context() -> AutogenContext:
    migration = MigrationContext.configure(
        dialect_name="postgresql",
        opts={"target_metadata": sa.MetaData(), "autogenerate_plugins": plugin.AUTOGENERATE},
    )
    return AutogenContext(migration, opts={**migration.opts, "alembic_module_prefix": "op."})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: type(op).__name__)
def test_a_reverse_reversed_is_the_operation(operation: TimescaleOp) -> None:
    assert operation.reverse() != operation
    assert operation.reverse().reverse() == operation


@pytest.mark.parametrize(
    "operation",
    [*OPERATIONS, *(operation.reverse() for operation in OPERATIONS)],
    ids=lambda op: type(op).__name__,
)
def test_the_text_makes_the_very_same_operation(
    context: AutogenContext, operation: TimescaleOp
) -> None:
    made: list[Any] = []
    op = Operations(context.migration_context)
    op.invoke = made.append  # type: ignore[method-assign]
    source = render_op_text(context, operation)
    exec("\n".join([*context.imports, source]), {"op": op})  # noqa: S102  # what alembic would run
    assert made == [operation]


def test_alembic_prints_what_differs() -> None:
    assert AddReorderPolicyOp(table="t", index="i").to_diff_tuple() == (
        "add_reorder_policy",
        "t",
        {"index": "i"},
    )


def test_chunks_move_to_the_columnstore_and_back_with_every_row(project: Project) -> None:
    project.execute(
        """
        CREATE TABLE readings (taken_at timestamptz NOT NULL, sensor text, celsius float);
        SELECT create_hypertable('readings', by_range('taken_at', INTERVAL '1 day'));
        INSERT INTO readings
        SELECT TIMESTAMPTZ '2026-01-01' + make_interval(hours => i), 's' || i % 3, i
        FROM generate_series(1, 80) AS s (i);
        """
    )
    rows = "SELECT * FROM readings ORDER BY taken_at"
    before = project.rows(rows)
    enable = '"readings", segment_by=["sensor"], order_by=["taken_at DESC"]'
    convert = '"readings", older_than=datetime.timedelta(days=1)'
    project.write(
        f"op.enable_columnstore({enable})\nop.convert_to_columnstore({convert})",
        f"op.convert_to_rowstore({convert})\nop.disable_columnstore({enable})",
    )
    project.upgrade()
    compressed = "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed"
    is_community = project.rows("SELECT current_setting('timescaledb.license')") == [("timescale",)]
    assert project.rows(compressed) == [(4 if is_community else 0,)]
    assert project.rows(rows) == before
    assert project.rows("SELECT to_regclass('timescale_engine.skipped') IS NOT NULL") == [
        (not is_community,)
    ]
    project.downgrade()
    assert project.rows(compressed) == [(0,)]
    assert project.rows(rows) == before
    assert project.rows(
        "SELECT bool_or(compression_enabled) FROM timescaledb_information.hypertables"
    ) == [(False,)]


def test_what_the_edition_cannot_do_is_said_once_and_counts_as_done(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.execute(
        """
        CREATE TABLE readings (taken_at timestamptz NOT NULL);
        SELECT create_hypertable('readings', by_range('taken_at'));
        """
    )
    call = 'op.add_columnstore_policy("readings", after=datetime.timedelta(days=9))'
    enable = 'op.enable_columnstore("readings")\n'
    project.write(enable + call, call.replace("add_", "remove_"))
    project.upgrade()
    said = capfd.readouterr().err
    is_community = project.rows("SELECT current_setting('timescaledb.license')") == [("timescale",)]
    skipped = "readings: skipped, the Apache edition does not offer columnstore policies"
    assert said.count(skipped) == (0 if is_community else 1)
    if not is_community:
        assert project.rows(
            "SELECT definition FROM timescale_engine.skipped WHERE feature = 'columnstore_policy'"
        ) == [({"after": "9 days", "schedule_interval": "12:00:00"},)]
        project.downgrade()
        assert (
            project.rows(
                "SELECT * FROM timescale_engine.skipped WHERE feature = 'columnstore_policy'"
            )
            == []
        )
