"""A hypertable of forty days of readings with an archive policy, nothing archived yet."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

import db.timescale.plugin  # noqa: F401  # registers the operations
from db.timescale.specs import UniqueKey
from tests.support.databases import connection

DAY = timedelta(days=1)
DAYS = 40
ROWS_A_DAY = 24

_TABLE = """
CREATE TABLE readings (
    id SERIAL,
    taken_at TIMESTAMP NOT NULL,
    sensor TEXT NOT NULL,
    celsius DOUBLE PRECISION,
    note TEXT,
    is_good BOOLEAN
)
"""
_ROWS = """
INSERT INTO readings (taken_at, sensor, celsius, note, is_good)
SELECT localtimestamp::DATE - 39 + n * INTERVAL '1 hour', 's' || n % 3, n / 7.0,
       (ARRAY[NULL, '', 'a "quoted", text', E'two\\nlines', '₹'])[1 + n % 5], n % 2 = 0
FROM generate_series(0, 40 * 24 - 1) n
"""


@pytest.fixture
def archived_database(empty_database: URL) -> URL:
    """Forty days of readings, twenty-nine of which are due."""
    with connection(empty_database) as session:
        # TimescaleDB's own scheduler must not archive while a test does
        session.execute("SELECT _timescaledb_functions.stop_background_workers()")
        session.execute(_TABLE)
        zone = sql.SQL("ALTER DATABASE {} SET timezone = {}")
        session.execute(zone.format(sql.Identifier(session.info.dbname), _where_it_is_noon()))
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.connect() as session:
        context = MigrationContext.configure(session)
        operations = Operations(context)
        with context.begin_transaction():
            declare(operations)
    with connection(empty_database) as session:
        session.execute(_ROWS)
    return empty_database


def _where_it_is_noon() -> str:
    """A time zone in which it is about noon: one day more is due from midnight on."""
    hours = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-hours:+d}"


def declare(operations: Operations) -> None:
    """Chunks of a day; those older than ten days are due for chunks of a week."""
    operations.install_engine()
    operations.create_hypertable(
        "readings",
        time_column="taken_at",
        chunk_interval=DAY,
        unique_keys=[UniqueKey(name="readings_key", columns=("sensor", "taken_at"))],
    )
    operations.add_archive_policy(
        "readings",
        archive_after=10 * DAY,
        archive_table="archive.readings",
        history_view="readings_history",
        archive_chunk_interval=7 * DAY,
    )


@pytest.fixture
def session(archived_database: URL) -> Iterator[psycopg.Connection]:
    """An autocommit connection to `archived_database`."""
    with connection(archived_database) as open_session:
        yield open_session


def due_after(session: psycopg.Connection, days: int) -> None:
    """Gives the archive policy another age, wherever the edition keeps it."""
    age = [f"{days} days"]
    session.execute(
        "UPDATE timescale_engine.policy "
        "SET config = config || jsonb_build_object('archive_after', %s::TEXT) "
        "WHERE kind = 'archive'",
        age,
    )
    session.execute(
        "SELECT alter_job(job_id, config => config || "
        "jsonb_build_object('archive_after', %s::TEXT)) "
        "FROM timescaledb_information.jobs WHERE proc_name = 'archive_job'",
        age,
    )
