"""Rollups through migrations: created, changed, found unchanged, dropped, on each edition."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from db.timescale.catalog.rollup import refresh_policies
from db.timescale.specs import Aggregate, RefreshPolicy, RollupIndex, declare
from tests.support.databases import DatabaseServer
from tests.timescale.project import Project
from tests.timescale.rollups import DAILY, DAY, HOUR, HOURLY, migrated, redeclare, undeclare

HOURS = """
    SELECT count(*), sum(labelled), min(bucket)::text, max(warmest)
    FROM room_1h
"""
DAYS = "SELECT bucket::date::text, room, warmest, hours FROM room_1d ORDER BY bucket, room"


def policy(project: Project) -> RefreshPolicy | None:
    with project.engine.connect() as connection:
        return refresh_policies(connection).get(("public", "room_1h"))


@pytest.mark.parametrize("zoned", [True, False], ids=["timestamptz", "timestamp"])
def test_a_rollup_of_a_table_with_rows_is_filled_and_leaves_nothing_to_do(
    project: Project, zoned: bool
) -> None:
    migrated(project, HOURLY, DAILY, zoned=zoned, days=3)
    assert project.differences() == []
    assert project.rows("SELECT count(*), sum(labelled) FROM room_1h") == [(144, 216)]
    assert project.rows("SELECT count(*), sum(hours) FROM room_1d") == [(6, 144)]


def test_a_rollup_is_a_continuous_aggregate_where_the_edition_has_them(
    project: Project, server: DatabaseServer
) -> None:
    migrated(project, HOURLY, DAILY)
    natives = project.rows(
        "SELECT view_name FROM timescaledb_information.continuous_aggregates ORDER BY 1"
    )
    assert natives == ([] if server.edition == "apache" else [("room_1d",), ("room_1h",)])


def test_the_newest_row_is_in_every_rollup_at_once(project: Project) -> None:
    migrated(project, HOURLY, DAILY, zoned=False, days=3)
    project.execute("INSERT INTO readings VALUES ('2026-01-03 23:50', 'Attic', 99)")
    project.execute("INSERT INTO readings VALUES ('2026-01-04 10:00', 'Attic', 98)")
    newest = project.rows("SELECT bucket::text, warmest FROM room_1h WHERE warmest > 90 ORDER BY 1")
    assert newest == [("2026-01-03 23:00:00", 99.0), ("2026-01-04 10:00:00", 98.0)]
    assert project.rows("SELECT max(warmest) FROM room_1d WHERE bucket = '2026-01-04'") == [(98.0,)]


def test_dropping_and_making_again_gives_the_same_rollups(project: Project) -> None:
    migrated(project, HOURLY, DAILY, days=3)
    before = project.rows(HOURS), project.rows(DAYS)
    project.downgrade()
    assert project.rows("SELECT to_regclass('room_1h'), to_regclass('room_1d')") == [(None, None)]
    leftover = project.rows("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'timescale_engine%'")
    assert leftover == []
    project.upgrade()
    assert (project.rows(HOURS), project.rows(DAYS)) == before
    assert project.differences() == []


def test_a_rollup_no_longer_declared_is_dropped_and_comes_back(project: Project) -> None:
    migrated(project, HOURLY, DAILY, days=2)
    before = project.rows(DAYS)
    undeclare(project, HOURLY, DAILY)
    project.autogenerate("away")
    project.upgrade()
    assert project.rows("SELECT to_regclass('room_1h'), to_regclass('room_1d')") == [(None, None)]
    assert project.differences() == []
    project.downgrade()
    assert project.rows(DAYS) == before
    undeclare(project)
    project.upgrade()


def test_a_new_column_keeps_history_whose_rows_are_gone(project: Project) -> None:
    migrated(project, HOURLY, DAILY, zoned=False, days=4)
    before = project.rows(HOURS), project.rows(DAYS)
    project.execute("SELECT drop_chunks('readings', older_than => TIMESTAMP '2026-01-03')")
    coldest = Aggregate(name="coldest", expression="min(celsius)")
    redeclare(project, HOURLY, aggregates=(*HOURLY.aggregates, coldest))
    project.autogenerate("coldest")
    project.upgrade()
    assert project.differences() == []
    assert (project.rows(HOURS), project.rows(DAYS)) == before
    known = project.rows("SELECT min(bucket)::text FROM room_1h WHERE coldest IS NOT NULL")
    assert known == [("2026-01-03 00:00:00",)]
    project.downgrade()
    assert (project.rows(HOURS), project.rows(DAYS)) == before


def test_another_bucket_is_refused_where_it_would_lose_history(project: Project) -> None:
    migrated(project, HOURLY, zoned=False, days=4)
    project.execute("SELECT drop_chunks('readings', older_than => TIMESTAMP '2026-01-03')")
    before = project.rows(HOURS)
    redeclare(project, HOURLY, bucket=2 * HOUR)
    project.autogenerate("two hours")
    with pytest.raises(Exception, match="whose source rows are gone"):
        project.upgrade()
    assert project.rows(HOURS) == before


def test_spelling_a_definition_otherwise_is_no_difference(project: Project) -> None:
    migrated(project, HOURLY)
    spelled = (
        Aggregate(name="warmest", expression="MAX( celsius )"),
        Aggregate(name="latest", expression="last(celsius, taken_at)"),
        Aggregate(name="labelled", expression="COUNT(*) FILTER (WHERE room LIKE 'A%')"),
    )
    redeclare(project, HOURLY, aggregates=spelled)
    assert project.differences() == []


def test_a_materialized_only_rollup_shows_what_was_refreshed(project: Project) -> None:
    migrated(project, replace(HOURLY, real_time=False), zoned=False, days=1)
    before = project.rows(HOURS)
    project.execute("INSERT INTO readings VALUES ('2026-01-09 10:00', 'Attic', 98)")
    assert project.rows(HOURS) == before
    assert project.differences() == []


def test_indexes_and_real_time_reads_are_changed_in_place(project: Project) -> None:
    migrated(project, HOURLY, zoned=False, days=2)
    before = project.rows(HOURS), indexes(project), buckets(project)
    latest = RollupIndex(columns=("latest DESC", "room"))
    redeclare(project, HOURLY, real_time=False, indexes=(HOURLY.indexes[0], latest))
    project.autogenerate("in place")
    project.upgrade()
    assert project.differences() == []
    assert "(latest DESC, room)" in indexes(project)
    assert "(warmest)" not in indexes(project)
    assert buckets(project) == before[2]
    project.downgrade()
    assert (project.rows(HOURS), indexes(project), buckets(project)) == before


def indexes(project: Project) -> set[str]:
    """The columns of the indexes on a rollup's own table."""
    definitions = project.rows(
        """
        SELECT substring(pg_get_indexdef(x.indexrelid) from '[(].*')
        FROM timescale_engine.rollup AS r
        JOIN pg_index AS x ON x.indrelid = timescale_engine.buckets_of(r)
        """
    )
    return {definition for (definition,) in definitions}


def buckets(project: Project) -> list[tuple[object, ...]]:
    """Which table holds a rollup: another one after it was rebuilt."""
    return project.rows("SELECT timescale_engine.buckets_of(r)::oid FROM timescale_engine.rollup r")


def test_a_changed_refresh_policy_is_altered_there_and_back(project: Project) -> None:
    migrated(project, HOURLY)
    slower = RefreshPolicy(start_offset=2 * DAY, end_offset=2 * HOUR, schedule_interval=HOUR)
    redeclare(project, HOURLY, refresh=slower)
    assert "alter_refresh_policy" in project.autogenerate("slower")
    project.upgrade()
    assert project.differences() == []
    project.downgrade()
    assert policy(project) == HOURLY.refresh


def test_a_policy_no_longer_declared_is_removed(project: Project) -> None:
    migrated(project, HOURLY)
    redeclare(project, HOURLY, refresh=None)
    assert "remove_refresh_policy" in project.autogenerate("by hand from now on")
    project.upgrade()
    assert project.differences() == []
    project.downgrade()
    assert policy(project) == HOURLY.refresh


def test_an_expression_that_makes_no_sense_stops_before_anything_changed(project: Project) -> None:
    migrated(project)
    broken = (Aggregate(name="warmest", expression="max(kelvin)"),)
    declare(project.metadata, replace(HOURLY, aggregates=broken, indexes=()))
    project.autogenerate("broken")
    with pytest.raises(Exception, match='column "kelvin" does not exist'):
        project.upgrade()
    assert project.rows("SELECT to_regclass('room_1h')") == [(None,)]


def test_a_source_that_is_no_hypertable_is_refused(project: Project) -> None:
    migrated(project)
    columns = [column._copy() for column in project.metadata.tables["readings"].columns]
    sa.Table("plain", project.metadata, *columns)
    declare(project.metadata, replace(HOURLY, source="plain"))
    project.autogenerate("plain")
    with pytest.raises(Exception, match="hypertable"):
        project.upgrade()


def test_the_offline_script_makes_the_same_rollups(project: Project) -> None:
    migrated(project, HOURLY, DAILY)
    online = project.rows(
        "SELECT relation::text, spec::text, native FROM timescale_engine.rollup ORDER BY id"
    )
    project.downgrade("base")
    project.execute("DROP TABLE alembic_version")
    project.execute(project.offline())
    found = project.rows(
        "SELECT relation::text, spec::text, native FROM timescale_engine.rollup ORDER BY id"
    )
    assert found == online
    assert project.differences() == []
