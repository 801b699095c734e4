"""What ended conversions leave behind, taken away; a killed clean-up is made good by the next."""

from psycopg import sql

from db.convert import capture, state
from db.convert.model import NEW_SCHEMA, OLD_SCHEMA, Job
from db.convert.session import Connection


def drop_leftovers(connection: Connection, job: Job) -> None:
    """The table that is not in use, and the logs, of an ended conversion."""
    for schema in (NEW_SCHEMA, OLD_SCHEMA):
        connection.execute(
            sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(
                sql.Identifier(schema, job.table_name)
            )
        )
    for purpose in ("changes", "changes_since"):
        capture.drop_log(connection, job, purpose)
    state.note(connection, job.id, "cleaned up")


def sweep(connection: Connection, schema: str, name: str) -> None:
    """Leftovers of ended conversions of a table; call it only while none is open."""
    row_ids = connection.execute(
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
    for row in row_ids:
        drop_leftovers(connection, state.load(connection, row["id"]))
