"""Archiving moves whole chunks, checked, and everything comes back."""

import json
import re
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy import text

from db.timescale.specs import ArchivePolicy, HypertableSpec, declare
from tests.support.databases import DatabaseServer
from tests.timescale import killing
from tests.timescale.project import Project
from tests.timescale.test_autogenerate import DAY, readings
from tests.timescale.test_rollup_killing import killed_after

POLICY = ArchivePolicy(
    table="readings",
    archive_after=30 * DAY,
    archive_table="archive.readings",
    history_view="readings_history",
    archive_chunk_interval=30 * DAY,
    drop_after=900 * DAY,
)


def declared(project: Project, *policies: ArchivePolicy) -> None:
    project.metadata = sa.MetaData()
    table = readings(project.metadata)
    sa.Index("readings_key", table.c.sensor, table.c.taken_at.desc(), unique=True)
    declare(
        project.metadata,
        HypertableSpec(table="readings", time_column="taken_at", chunk_interval=DAY),
        *policies,
    )


def archived(project: Project, policy: ArchivePolicy = POLICY) -> Project:
    """Sixty days of readings, of which the archive policy is due for thirty, or as it says."""
    # the job must not be at it while the test is
    project.execute("SELECT _timescaledb_functions.stop_background_workers()")
    declared(project)
    project.autogenerate("readings")
    project.upgrade()
    project.execute(
        """
        INSERT INTO readings (taken_at, sensor, celsius)
        SELECT now() - make_interval(hours => i), 's' || i % 3, i
        FROM generate_series(1, 60 * 24, 6) AS s (i)
        """
    )
    declared(project, policy)
    project.autogenerate("archive")
    return project


def run(project: Project) -> None:
    """Everything that is due, a transaction a span."""
    step = text("SELECT timescale_engine.run_archive('public.readings', :config)")
    (config,) = project.rows(
        "SELECT config FROM timescale_engine.policy WHERE kind = 'archive'"
    ) or project.rows(
        "SELECT config FROM timescaledb_information.jobs WHERE proc_name = 'archive_job'"
    )
    with project.engine.connect() as connection:
        while connection.execute(step, {"config": json.dumps(config[0])}).scalar():
            connection.commit()


PREPARING = re.compile(r"\s*(DO|SELECT delete_job)")
STEP = re.compile(r"\s*SELECT s\.next_from")
ROWS = "SELECT * FROM readings ORDER BY taken_at, sensor"
HISTORY = "SELECT * FROM readings_history ORDER BY taken_at, sensor"


def test_an_archive_is_made_filled_read_and_dissolved(project: Project) -> None:
    archived(project)
    before = project.rows(ROWS)
    project.upgrade()
    assert project.differences() == []
    run(project)
    ((kept,),) = project.rows("SELECT count(*) FROM readings")
    ((moved,),) = project.rows("SELECT count(*) FROM archive.readings")
    assert kept + moved == len(before)
    assert moved > len(before) * 0.4
    assert project.rows(HISTORY) == before
    project.downgrade()
    assert project.rows(ROWS) == before
    assert project.rows("SELECT to_regnamespace('archive'), to_regclass('readings_history')") == [
        (None, None)
    ]
    project.upgrade()
    assert project.differences() == []


def test_a_downgrade_killed_after_each_step_goes_on_where_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived(project, replace(POLICY, archive_after=55 * DAY))
    before = project.rows(ROWS)
    project.upgrade()
    run(project)
    deaths = 0
    while project.rows("SELECT count(*) FROM archive.readings") != [(0,)]:
        deaths += 1
        # what prepares is undone by a kill, so later kills come later; a step done stays done
        monkeypatch.setattr(killing, "CHANGE", PREPARING if deaths <= 1 else STEP)
        assert killed_after(project, deaths if deaths <= 1 else 1, "-1")
        assert project.rows(HISTORY) == before
    project.downgrade()
    assert deaths > 6
    assert project.rows(ROWS) == before


def test_the_job_that_fills_an_archive_leaves_the_migrations_beside_it_alone(
    server: DatabaseServer, project: Project
) -> None:
    if server.edition != "community":
        pytest.skip("the Apache edition has no jobs")
    archived(project).upgrade()
    declared(project, replace(POLICY, archive_after=29 * DAY))
    project.autogenerate("earlier")
    project.upgrade()
    [(age, waits)] = project.rows(
        """
        SELECT config ->> 'archive_after', next_start > now() + INTERVAL '5 min'
        FROM timescaledb_information.jobs
        WHERE proc_name = 'archive_job'
        """
    )
    assert (age, waits) == ("29 days", True)


def test_a_row_that_comes_late_follows_its_chunk(project: Project) -> None:
    archived(project)
    project.upgrade()
    run(project)
    project.execute(
        "INSERT INTO readings (taken_at, sensor) VALUES (now() - INTERVAL '50 days', 'late')"
    )
    run(project)
    assert project.rows("SELECT sensor FROM archive.readings WHERE sensor = 'late'") == [("late",)]
    assert project.rows("SELECT sensor FROM readings WHERE sensor = 'late'") == []


def test_a_new_column_reaches_the_archive(project: Project) -> None:
    archived(project)
    project.upgrade()
    run(project)
    project.execute("ALTER TABLE readings ADD COLUMN humidity int")
    project.execute(
        """
        INSERT INTO readings (taken_at, sensor, humidity)
        VALUES (now() - INTERVAL '50 days', 'h', 7)
        """
    )
    run(project)
    assert project.rows("SELECT humidity FROM readings_history WHERE sensor = 'h'") == [(7,)]


def test_an_archive_beside_its_table_is_not_proposed_for_dropping(project: Project) -> None:
    project.execute("SELECT _timescaledb_functions.stop_background_workers()")
    declared(project, replace(POLICY, archive_table="readings_archive", drop_after=None))
    project.autogenerate("all")
    project.upgrade()
    run(project)
    assert project.differences() == []
    project.options["include_schemas"] = True
    assert project.differences() == []
    project.downgrade()
    assert project.rows("SELECT to_regclass('readings_archive')") == [(None,)]


def test_a_changed_policy_is_seen_and_undone(project: Project) -> None:
    archived(project)
    project.upgrade()
    later = ArchivePolicy(
        table="readings",
        archive_after=40 * DAY,
        archive_table="archive.readings",
        history_view="readings_history",
        archive_chunk_interval=30 * DAY,
        drop_after=1000 * DAY,
        schedule_interval=DAY / 2,
    )
    declared(project, later)
    written = project.autogenerate("later")
    assert "op.alter_archive_policy" in written
    assert "op.alter_retention_policy" in written
    project.upgrade()
    assert project.differences() == []
    project.downgrade()
    project.upgrade()
    assert project.differences() == []


def test_a_reader_of_an_old_chunk_is_let_finish_before_it_goes(project: Project) -> None:
    archived(project)
    project.upgrade()
    before = project.rows(HISTORY)
    with project.engine.connect() as reader:
        oldest = reader.execute(text("SELECT * FROM readings ORDER BY taken_at LIMIT 1")).all()
        mover = threading.Thread(target=run, args=[project])
        mover.start()
        mover.join(0.5)
        assert mover.is_alive()
        # a writer at the live end is not held up by the mover's wait
        project.execute("SET lock_timeout = '5s'; INSERT INTO readings VALUES (now(), 'now')")
        assert reader.execute(text(ROWS + " LIMIT 1")).all() == oldest
        reader.rollback()
        mover.join()
    assert project.rows(HISTORY)[:-1] == before
    assert project.rows("SELECT count(*) > 100 FROM archive.readings") == [(True,)]
