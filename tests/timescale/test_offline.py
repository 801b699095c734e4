"""What `alembic upgrade --sql` writes, psql runs, on either edition, with the same outcome."""

import shutil
import subprocess
from dataclasses import replace

import pytest
from sqlalchemy import URL

from db.timescale.errors import TimescaleError
from db.timescale.specs import declare
from tests.support.databases import DatabaseServer
from tests.timescale.project import Project
from tests.timescale.test_archive import POLICY
from tests.timescale.test_autogenerate import everything, schema_of
from tests.timescale.test_killing import DOWNGRADE, PLAIN, RECORDS, UPGRADE, state

STATE = """
SELECT 'dimension', column_name, time_interval::text
FROM timescaledb_information.dimensions WHERE hypertable_name = 'readings'
UNION ALL
SELECT 'job', proc_name, (config - 'hypertable_id')::text
FROM timescaledb_information.jobs WHERE proc_schema <> '_timescaledb_internal' AND job_id >= 1000
UNION ALL
SELECT 'setting', segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings
ORDER BY 1, 2, 3
"""


def psql(url: URL, script: str) -> None:
    program = shutil.which("psql")
    if program is None:
        pytest.skip("psql is not installed")
    subprocess.run(
        [
            program,
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            url.set(drivername="postgresql").render_as_string(hide_password=False),
        ],
        input=script,
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )


def test_a_script_gives_the_same_schema_as_the_migration(
    project: Project, server: DatabaseServer
) -> None:
    everything(project.metadata)
    declare_archive(project)
    project.autogenerate("everything")
    script = project.offline()
    project.upgrade()
    with server.database("extension") as other:
        psql(other, script)
        twin = Project(project.folder, other)
        twin.metadata = project.metadata
        assert twin.differences() == []
        assert schema_of(twin) == schema_of(project)
        assert twin.rows(STATE) == project.rows(STATE)
        assert twin.rows(RECORDS) == project.rows(RECORDS)
        psql(other, project.offline_downgrade())
        assert twin.rows("SELECT to_regclass('readings')") == [(None,)]


def test_a_script_converts_rows_too_and_takes_them_back(
    project: Project, server: DatabaseServer
) -> None:
    project.write(UPGRADE, DOWNGRADE)
    with server.database("extension") as other:
        twin = Project(project.folder, other)
        twin.execute(PLAIN)
        before = state(twin)
        up = project.offline()
        assert "run alembic upgrade without --sql" in up
        psql(other, up)
        project.execute(PLAIN)
        project.upgrade()
        assert state(twin) == state(project)
        psql(other, project.offline_downgrade())
        assert state(twin) == before


def test_what_cannot_be_written_as_a_script_says_how_to_run_it(project: Project) -> None:
    project.write(
        'op.drop_dimension("readings", column="sensor", partitions=2)',
        'op.add_dimension("readings", column="sensor", partitions=2)',
    )
    with pytest.raises(TimescaleError, match="run it without --sql"):
        project.offline()


def declare_archive(project: Project) -> None:
    specs = project.metadata.info["timescale"]
    specs[:] = [spec for spec in specs if type(spec).__name__ != "RetentionPolicy"]
    declare(project.metadata, replace(POLICY, drop_after=None))
