"""What ended conversions leave behind, taken away; a killed clean-up is made good by the next."""

import psycopg
from psycopg import sql

from db.convert import capture, state
from db.convert.errors import BlockedError
from db.convert.model import Job
from db.convert.session import Connection, with_lock


def drop_leftovers(connection: Connection, job: Job) -> None:
    """The table that is not in use, and the logs, of an ended conversion."""
    for table in (job.shadow, job.replaced):
        _drop(connection, table)
    for purpose in ("changes", "changes_since"):
        capture.drop_log(connection, job, purpose)
    if job.place:
        for schema in (job.new_schema, job.old_schema):
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {}").format(sql.Identifier(schema)))
    state.note(connection, job.id, "cleaned up")


def _drop(connection: Connection, table: sql.Identifier) -> None:
    statement = sql.SQL("DROP TABLE IF EXISTS {}").format(table)
    try:
        # tables that it refers to by foreign keys are locked too
        with_lock(connection, lambda: connection.execute(statement))
    except psycopg.errors.DependentObjectsStillExist as error:
        hanging = (error.diag.message_detail or str(error)).replace("\n", "; ")
        raise BlockedError(
            f"{table.as_string(connection)} is not dropped, because others use it: {hanging}. Drop "
            "these, or make them read the table in use, then run this again."
        ) from error


def sweep(connection: Connection, schema: str, name: str) -> None:
    """Leftovers of ended conversions of a table; call it only while none is open."""
    for conversion_id in _uncleaned(connection, schema, name):
        drop_leftovers(connection, state.load(connection, conversion_id))


def has_leftovers(connection: Connection, schema: str, name: str) -> bool:
    """Whether the clean-up of an ended conversion of a table was cut off."""
    return bool(_uncleaned(connection, schema, name))


def _uncleaned(connection: Connection, schema: str, name: str) -> list[int]:
    rows = connection.execute(
        """
        SELECT c.id
        FROM oi_convert.conversion c
        WHERE c.table_schema = %s
          AND c.table_name = %s
          AND c.ended_at IS NOT NULL
          AND NOT EXISTS (
              SELECT
              FROM oi_convert.event e
              WHERE e.conversion_id = c.id
                AND e.step = 'cleaned up'
          )
        """,
        [schema, name],
    ).fetchall()
    return [row["id"] for row in rows]
