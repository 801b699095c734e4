"""Indexes are built the gentle way, rebuilt when broken, and told apart by all they are."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

from db.timescale.catalog.index import FoundIndex, declared_indexes, indexes, understood
from db.timescale.compare.index import diff
from db.timescale.errors import LockNotAvailableError, SpecError
from db.timescale.specs import HypertableSpec, IndexSpec
from db.timescale.sqltext import Relation
from tests.timescale.project import Project
from tests.timescale.test_autogenerate import DAY, project_differences_at
from tests.timescale.test_locks import held

TABLE = """
CREATE TABLE readings (taken_at timestamptz NOT NULL, sensor varchar(9), celsius float);
CREATE UNIQUE INDEX readings_key ON readings (sensor, taken_at);
"""
HYPERTABLE = """
SELECT create_hypertable(
  'readings', by_range('taken_at', INTERVAL '1 day'), create_default_indexes => false
);
"""
ROWS = """
INSERT INTO readings
SELECT TIMESTAMPTZ '2026-01-01' + make_interval(hours => i), 's', i
FROM generate_series(1, 80) AS s (i);
"""
HOT = '"readings_hot", "readings", columns=["celsius"], where="celsius > 30"'


def statements(project: Project) -> list[str]:
    """What the next commands run that builds an index."""
    seen: list[str] = []

    def listen(engine: Engine) -> None:
        event.listen(
            engine,
            "after_cursor_execute",
            lambda *call: seen.append(call[2]) if " readings_hot ON " in call[2] else None,
        )

    project.on_engine = listen
    return seen


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (TABLE, "CREATE INDEX readings_hot ON readings USING btree (celsius) WHERE celsius > 30"),
        (
            TABLE + HYPERTABLE,
            "CREATE INDEX readings_hot ON readings USING btree (celsius) WHERE celsius > 30",
        ),
        (
            TABLE + ROWS,
            "CREATE INDEX CONCURRENTLY readings_hot ON readings USING btree (celsius) "
            "WHERE celsius > 30",
        ),
        (
            TABLE + HYPERTABLE + ROWS,
            "CREATE INDEX readings_hot ON readings USING btree (celsius) "
            "WITH (timescaledb.transaction_per_chunk) WHERE celsius > 30",
        ),
    ],
)
def test_an_index_is_built_as_gently_as_the_table_allows(
    project: Project, script: str, expected: str
) -> None:
    project.execute(script)
    project.write(f"op.create_chunk_index({HOT})", f"op.drop_chunk_index({HOT})")
    seen = statements(project)
    project.upgrade()
    assert expected in seen
    assert "CREATE INDEX readings_hot" in str(project.rows(DEFINITION))
    project.downgrade()
    assert project.rows(DEFINITION) == []
    project.upgrade()


DEFINITION = """
SELECT pg_get_indexdef(indexrelid), indisvalid
FROM pg_index JOIN pg_class ON oid = indexrelid
WHERE relname = 'readings_hot'
"""


def test_a_build_that_fails_half_way_is_no_success_and_is_repeated(project: Project) -> None:
    project.execute(TABLE + HYPERTABLE + ROWS)
    project.write(f"op.create_chunk_index({HOT})", f"op.drop_chunk_index({HOT})")
    project.options = {"timescale_lock_patience_s": 0.2}
    project.patience_s = 0.1
    ((last,),) = project.rows("SELECT max(c::text) FROM show_chunks('readings') AS c")
    with held(project.url, last, "ROW EXCLUSIVE"), pytest.raises(LockNotAvailableError):
        project.upgrade()
    assert [valid for _, valid in project.rows(DEFINITION)] == [False]
    assert project.rows("SELECT count(*) FROM alembic_version") == [(0,)]
    project.upgrade()
    assert [valid for _, valid in project.rows(DEFINITION)] == [True]


def test_an_index_of_that_name_but_another_definition_is_not_taken_for_it(
    project: Project,
) -> None:
    project.execute(TABLE + ROWS + "CREATE INDEX readings_hot ON readings (sensor)")
    project.write(f"op.create_chunk_index({HOT})", "pass")
    with pytest.raises(SpecError, match="another definition"):
        project.upgrade()


@pytest.mark.parametrize(
    "columns",
    [
        ["sensor"],
        ["sensor varchar_pattern_ops", "taken_at DESC"],
        ["lower(sensor)", "(celsius + 1) DESC NULLS LAST"],
        ['sensor COLLATE "C"', "celsius NULLS FIRST"],
    ],
)
def test_what_is_read_back_of_an_index_builds_the_same_again(
    project: Project, columns: Sequence[str]
) -> None:
    project.execute(TABLE)
    wanted = IndexSpec(
        name="again",
        table="readings",
        columns=tuple(columns),
        include=("celsius",),
        where="sensor like 'a%' and celsius>0",
        options=(("fillfactor", "80"),),
    )
    with project.engine.connect() as connection:
        once = understood(connection, wanted)
        assert understood(connection, once) == once
        assert indexes(connection, "readings")[0].spec.name == "readings_key"


def test_indexes_on_columns_that_are_still_to_come_are_understood(project: Project) -> None:
    project.execute(TABLE)
    table = sa.Table(
        "readings",
        project.metadata,
        sa.Column("sensor", sa.String(9)),
        sa.Column("humidity", sa.Numeric(5, 2)),
    )
    sa.Index("readings_humid", table.c.humidity.desc())
    with project.engine.connect() as connection:
        (spec,) = declared_indexes(connection, table, Relation("public", "readings"))
    assert spec.columns == ("humidity DESC",)


def test_how_an_index_is_declared_does_not_matter(project: Project) -> None:
    project.execute(TABLE + "CREATE INDEX readings_hot ON readings (sensor varchar_pattern_ops)")
    project.metadata = sa.MetaData(naming_convention={"ix": "%(table_name)s_%(column_0_N_name)s"})
    table = sa.Table(
        "readings",
        project.metadata,
        sa.Column("taken_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sensor", sa.String(9)),
        sa.Column("celsius", sa.Float),
    )
    sa.Index(None, table.c.sensor, table.c.taken_at, unique=True, postgresql_concurrently=True)
    sa.Index("readings_hot", sa.text("sensor varchar_pattern_ops"))._set_parent(table)
    assert project_differences_at(project) == []


def found(spec: IndexSpec, *, is_valid: bool = True, is_constraint: bool = False) -> FoundIndex:
    return FoundIndex(spec, is_valid, is_constraint)


A = IndexSpec(name="a", table="t", columns=("x",))
DEFAULT = IndexSpec(name="t_at_idx", table="t", columns=("at DESC",))


def test_a_renamed_index_is_the_same_index() -> None:
    assert diff([A], [found(replace(A, name="b"))]) == diff([], [])


@pytest.mark.parametrize(
    "changed",
    [
        replace(A, where="x > 1"),
        replace(A, include=("y",)),
        replace(A, columns=("x DESC",)),
        replace(A, unique=True),
        replace(A, using="hash"),
        replace(A, options=(("fillfactor", "50"),)),
        replace(A, nulls_not_distinct=True),
    ],
)
def test_any_part_that_differs_is_a_change(changed: IndexSpec) -> None:
    changes = diff([changed], [found(A)])
    assert (changes.removed, changes.added) == ((A,), (changed,))


def test_constraints_and_default_indexes_are_left_alone() -> None:
    hypertable = HypertableSpec(table="t", time_column="at", chunk_interval=DAY)
    there = [found(A, is_constraint=True), found(DEFAULT)]
    assert diff([], there, hypertable) == diff([], [])
    assert diff([], [found(DEFAULT)]).removed == (DEFAULT,)


def test_a_broken_index_is_missing_and_rebuilt_in_place() -> None:
    changes = diff([A], [found(A, is_valid=False)])
    assert (changes.removed, changes.added) == ((), (A,))
    assert diff([], [found(A, is_valid=False)]).removed == (A,)


def test_alembics_view_of_a_partial_index_is_replaced(project: Project) -> None:
    project.execute(TABLE + "CREATE INDEX readings_hot ON readings (celsius) WHERE celsius > 20")
    table = sa.Table(
        "readings",
        project.metadata,
        sa.Column("taken_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sensor", sa.String(9)),
        sa.Column("celsius", sa.Float),
    )
    sa.Index("readings_key", table.c.sensor, table.c.taken_at, unique=True)
    hot = sa.Index("readings_hot", table.c.celsius, postgresql_where=table.c.celsius > 20)
    assert project_differences_at(project) == []
    table.indexes.remove(hot)
    sa.Index("readings_hot", table.c.celsius, postgresql_where=table.c.celsius > 30)
    assert [change[0] for change in project_differences_at(project)] == [
        "drop_chunk_index",
        "create_chunk_index",
    ]
