"""Letting the server itself run what is due: by TimescaleDB's jobs, or by pg_cron.

https://docs.tigerdata.com/api/latest/jobs-automation/add_job/ and
https://github.com/citusdata/pg_cron
"""

from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from db.timescale.catalog.engine import require_engine
from db.timescale.editions import read_server
from db.timescale.errors import UnsupportedError

Scheduler = Literal["job", "pg_cron"]

_ADD_JOB = text(
    """
    SELECT add_job('timescale_engine.run_due_job', CAST(:every AS interval)) AS job_id
    """
)
_DELETE_JOBS = text(
    """
    SELECT delete_job(j.job_id) AS deleted
    FROM timescaledb_information.jobs AS j
    WHERE j.proc_schema = 'timescale_engine' AND j.proc_name = 'run_due_job'
    """
)
_JOBS = text(
    """
    SELECT count(*) AS jobs
    FROM timescaledb_information.jobs AS j
    WHERE j.proc_schema = 'timescale_engine' AND j.proc_name = 'run_due_job'
    """
)
_CRON_DATABASE = text("SELECT current_setting('cron.database_name', true) AS name")
_CRON_SCHEDULE = text(
    """
    SELECT cron.schedule_in_database(
        :job, :schedule, 'CALL timescale_engine.run_due_policies()', :database
    ) AS job_id
    """
)
_CRON_UNSCHEDULE = text(
    "SELECT cron.unschedule(j.jobid) AS done FROM cron.job AS j WHERE j.jobname = :job"
)
_CRON_JOBS = text("SELECT count(*) AS jobs FROM cron.job AS j WHERE j.jobname = :job")
_ELSE = "run python -m db maintain --every 30 as a service, or python -m db maintain from cron"


def schedule(engine: Engine, every: timedelta) -> Scheduler:
    """Has the server run what is due every so often, in place of an earlier schedule.

    pg_cron counts in seconds below a minute and in whole minutes above. Raises UnsupportedError,
    saying what to do instead, where the server has neither scheduler or does not permit it, and
    TimescaleError where the database holds nothing that would be run.
    """
    with engine.connect() as connection:
        require_engine(connection)
    unschedule(engine)
    with engine.begin() as connection:
        if read_server(connection).has("job"):
            connection.execute(_ADD_JOB, {"every": every})
            return "job"
        cron = _cron_database(connection)
        database = str(connection.engine.url.database)
    if cron is None:
        raise UnsupportedError(f"This server schedules nothing by itself: {_ELSE}.")
    _with_cron(engine, cron, _cron_schedule(every), database)
    return "pg_cron"


def unschedule(engine: Engine) -> None:
    """Ends what schedule() began, if anything."""
    with engine.begin() as connection:
        if read_server(connection).has("job"):
            connection.execute(_DELETE_JOBS)
        cron = _cron_database(connection)
        database = str(connection.engine.url.database)
    if cron is not None:
        with _cron_engine(engine, cron).begin() as connection:
            if _has_cron(connection):
                connection.execute(_CRON_UNSCHEDULE, {"job": _job_name(database)})


def scheduled_by(engine: Engine) -> Scheduler | None:
    """Which scheduler of the server runs what is due, None where none does."""
    with engine.connect() as connection:
        if read_server(connection).has("job") and connection.execute(_JOBS).scalar_one():
            return "job"
        cron = _cron_database(connection)
        database = str(connection.engine.url.database)
    if cron is None:
        return None
    try:
        with _cron_engine(engine, cron).connect() as connection:
            if not _has_cron(connection):
                return None
            found = connection.execute(_CRON_JOBS, {"job": _job_name(database)}).scalar_one()
    except DBAPIError:
        return None  # somebody else's scheduler: what it runs is not ours to see
    return "pg_cron" if found else None


def _with_cron(engine: Engine, cron: str, schedule_text: str, database: str) -> None:
    parameters = {"job": _job_name(database), "schedule": schedule_text, "database": database}
    try:
        with _cron_engine(engine, cron).begin() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_cron"))
            connection.execute(_CRON_SCHEDULE, parameters)
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        raise UnsupportedError(
            f"pg_cron in database {cron} cannot be used ({reason}): {_ELSE}."
        ) from error


def _cron_schedule(every: timedelta) -> str:
    seconds = max(1, round(every.total_seconds()))
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = min(59, seconds // 60)
    return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"


def _cron_database(connection: Connection) -> str | None:
    """The database pg_cron works from, None where it is not loaded."""
    name: str | None = connection.execute(_CRON_DATABASE).scalar_one()
    return name


def _cron_engine(engine: Engine, database: str) -> Engine:
    return create_engine(engine.url.set(database=database), poolclass=NullPool)


def _has_cron(connection: Connection) -> bool:
    found = text("SELECT to_regclass('cron.job') IS NOT NULL AS found")
    return bool(connection.execute(found).scalar_one())


def _job_name(database: str) -> str:
    return f"timescale_engine: {database}"
