"""A migration killed after any of its changes continues when it is run again."""

import pytest
from sqlalchemy.exc import DBAPIError

from tests.timescale.killing import Killer
from tests.timescale.project import Project

PLAIN = """
CREATE TABLE readings (
  id bigserial PRIMARY KEY,
  taken_at timestamptz NOT NULL,
  sensor text NOT NULL,
  celsius float
);
CREATE INDEX readings_old ON readings (sensor);
CREATE VIEW readings_by_sensor AS SELECT sensor, count(*) AS n FROM readings GROUP BY sensor;
INSERT INTO readings (taken_at, sensor, celsius)
SELECT TIMESTAMPTZ '2026-01-01' + make_interval(hours => i), 's' || i % 7, i
FROM generate_series(1, 80) AS s (i);
"""

UPGRADE = """
op.create_hypertable(
    "readings",
    time_column="taken_at",
    chunk_interval=datetime.timedelta(days=1),
    unique_keys=[UniqueKey(name="readings_key", columns=("sensor", "taken_at DESC"))],
    drop_constraints={"readings_pkey": "PRIMARY KEY (id)"},
    drop_indexes={"readings_old": "CREATE INDEX readings_old ON readings (sensor)"},
)
op.set_chunk_interval(
    "readings", datetime.timedelta(days=2), existing=datetime.timedelta(days=1)
)
op.enable_columnstore("readings", segment_by=["sensor"], order_by=["taken_at DESC"])
op.add_columnstore_policy("readings", after=datetime.timedelta(days=9000))
op.add_retention_policy("readings", drop_after=datetime.timedelta(days=9000))
op.create_chunk_index(
    "readings_hot", "readings", columns=["taken_at DESC"], include=["celsius"], where="celsius > 9"
)
op.add_reorder_policy("readings", index="readings_key")
"""

DOWNGRADE = """
op.remove_reorder_policy("readings", index="readings_key")
op.drop_chunk_index(
    "readings_hot", "readings", columns=["taken_at DESC"], include=["celsius"], where="celsius > 9"
)
op.remove_retention_policy("readings", drop_after=datetime.timedelta(days=9000))
op.remove_columnstore_policy("readings", after=datetime.timedelta(days=9000))
op.disable_columnstore("readings", segment_by=["sensor"], order_by=["taken_at DESC"])
op.set_chunk_interval(
    "readings", datetime.timedelta(days=1), existing=datetime.timedelta(days=2)
)
op.drop_hypertable(
    "readings",
    time_column="taken_at",
    chunk_interval=datetime.timedelta(days=1),
    unique_keys=[UniqueKey(name="readings_key", columns=("sensor", "taken_at DESC"))],
    drop_constraints={"readings_pkey": "PRIMARY KEY (id)"},
    drop_indexes={"readings_old": "CREATE INDEX readings_old ON readings (sensor)"},
)
"""

STATE = """
SELECT 'index', relname, pg_get_indexdef(indexrelid) || indisvalid
FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = 'readings'::regclass
UNION ALL
SELECT 'constraint', conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid = 'readings'::regclass
UNION ALL
SELECT 'dimension', column_name, time_interval::text
FROM timescaledb_information.dimensions WHERE hypertable_name = 'readings'
UNION ALL
SELECT 'job', proc_name, (config - 'hypertable_id')::text
FROM timescaledb_information.jobs WHERE hypertable_name = 'readings'
UNION ALL
SELECT 'view', sensor, n::text FROM readings_by_sensor
UNION ALL
SELECT 'rows', count(*)::text, md5(string_agg(r::text, ',' ORDER BY id)) FROM readings AS r
ORDER BY 1, 2
"""

RECORDS = """
SELECT 'policy', kind, config::text FROM timescale_engine.policy WHERE target = 'public.readings'
UNION ALL
SELECT 'skipped', feature, definition::text FROM timescale_engine.skipped
ORDER BY 1, 2
"""


def state(project: Project) -> list[tuple[object, ...]]:
    records = project.rows("SELECT to_regclass('timescale_engine.policy') IS NOT NULL") == [(True,)]
    return project.rows(STATE) + (project.rows(RECORDS) if records else [])


def killed_after(project: Project, changes: int, revision: str) -> bool:
    """Runs towards a revision and dies after some changes; False where there were fewer."""
    killer = project.on_engine = Killer(project.url, changes)
    try:
        if revision == "head":
            project.upgrade()
        else:
            project.downgrade(revision)
    except DBAPIError:
        assert killer.has_struck
        return True
    finally:
        project.on_engine = lambda engine: None
    # death after the last change is noticed by the lock's connection only, or by nobody
    return killer.has_struck


def test_killed_anywhere_a_migration_continues_in_both_directions(project: Project) -> None:
    """Dies after the first change, then run again after the second, and so on to the end."""
    project.execute(PLAIN)
    project.write(UPGRADE, DOWNGRADE)
    before = state(project)
    project.upgrade()
    after = state(project)
    project.downgrade("base")
    assert state(project) == before
    assert after != before
    for revision, wanted in (("head", after), ("base", before)):
        deaths = 0
        while killed_after(project, deaths + 1, revision):
            deaths += 1
        assert state(project) == wanted, f"killed {deaths} times on the way to {revision}"
        assert deaths > 8


@pytest.mark.parametrize("is_hypertable", [True, False])
def test_a_broken_index_is_built_again(project: Project, is_hypertable: bool) -> None:
    project.execute(
        """
        CREATE TABLE readings (taken_at timestamptz NOT NULL, celsius float);
        INSERT INTO readings
        SELECT TIMESTAMPTZ '2026-01-01' + make_interval(hours => i), i
        FROM generate_series(1, 80) AS s (i);
        """
    )
    if is_hypertable:
        project.execute(
            """
            SELECT create_hypertable(
              'readings', by_range('taken_at', INTERVAL '1 day'),
              create_default_indexes => false, migrate_data => true
            )
            """
        )
    index = '"readings_hot", "readings", columns=["celsius", "taken_at DESC"]'
    project.write(f"op.create_chunk_index({index})", f"op.drop_chunk_index({index})")
    project.upgrade()
    project.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'readings_hot'::regclass"
    )
    project.execute("DELETE FROM alembic_version")
    project.upgrade()
    assert project.rows(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'readings_hot'::regclass"
    ) == [(True,)]
