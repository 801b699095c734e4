"""The new table while it is made, and the capture of changes that begins with it."""

import psycopg
from psycopg import sql
from sqlalchemy import URL

from db.convert import capture, carry, facts, state
from db.convert.errors import BlockedError
from db.convert.model import Job, Phase, TargetIndex
from db.convert.session import Connection, connect, with_lock

_LIKE = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE"


def create(connection: Connection, job: Job) -> Job:
    """Make the new, empty table and both change logs; nobody but the conversion sees them."""
    table = facts.named(connection, job.live.as_string(connection))

    def attempt() -> Job:
        for schema in (job.new_schema, job.old_schema) if job.place else ():
            connection.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema))
            )
        connection.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} " + _LIKE + ")").format(job.shadow, job.live)
        )
        if job.blueprint.chunk_interval_us is not None:
            _make_hypertable(connection, job)
        carry.settings(connection, job, table)
        carry.foreign_keys(connection, job, table)
        for purpose in ("changes", "changes_since"):
            capture.create_log(connection, job, purpose, job.blueprint.identity)
        state.keep_fingerprint(connection, job, facts.fingerprint(connection, table.oid))
        return state.enter(connection, job, Phase.CAPTURING)

    # foreign keys lock the tables that they refer to
    return with_lock(connection, attempt)


def start_capture(connection: Connection, job: Job) -> Job:
    """From here on every change of the live table is logged.

    CREATE TRIGGER waits for writers, so everything they wrote before is visible to the copy.
    """
    table = facts.named(connection, job.live.as_string(connection))

    def attempt() -> Job:
        capture.create_triggers(
            connection,
            job,
            "changes",
            job.live,
            deletes_by_row=facts.has_columnstore(connection, table),
        )
        return state.enter(connection, job, Phase.COPYING)

    return with_lock(connection, attempt)


def missing_indexes(connection: Connection, job: Job) -> list[TargetIndex]:
    """The blueprint's indexes that the new table does not have yet, unique ones first."""
    table = facts.named(connection, job.shadow.as_string(connection))
    there = {index.name for index in table.indexes if index.is_valid}
    missing = [index for index in job.blueprint.indexes if index.name not in there]
    return sorted(missing, key=lambda index: not index.is_unique)


def build_index(connection: Connection, job: Job, index: TargetIndex) -> None:
    """Build one index of the new table, in one transaction; a killed build leaves nothing."""
    if index.is_constraint:
        statement = sql.SQL("ALTER TABLE {table} ADD CONSTRAINT {name} {tail}")
    elif index.is_unique:
        statement = sql.SQL("CREATE UNIQUE INDEX {name} ON {table} {tail}")
    else:
        statement = sql.SQL("CREATE INDEX {name} ON {table} {tail}")
    try:
        connection.execute(
            statement.format(
                table=job.shadow, name=sql.Identifier(index.name), tail=sql.SQL(index.tail)
            )
        )
    except psycopg.errors.UniqueViolation as error:
        raise BlockedError(
            f"{index.name} cannot be made: {error.diag.message_detail or error} Change one of the "
            "rows, then run this again; it continues where it stopped."
        ) from error


def analyze(url: URL, job: Job) -> None:
    """Give the planner the new table's statistics before anyone reads it; over its own session."""
    with connect(url) as connection:
        connection.execute(sql.SQL("ANALYZE {}").format(job.shadow))


def _make_hypertable(connection: Connection, job: Job) -> None:
    blueprint = job.blueprint
    connection.execute(
        "SELECT create_hypertable(%s::REGCLASS, by_range(%s, %s * INTERVAL '1 microsecond'), "
        "create_default_indexes => false)",
        [
            job.shadow.as_string(connection),
            blueprint.time_column,
            blueprint.chunk_interval_us,
        ],
    )
    for column, partitions in blueprint.space:
        connection.execute(
            "SELECT add_dimension(%s::REGCLASS, by_hash(%s, %s))",
            [job.shadow.as_string(connection), column, partitions],
        )
