"""What writers change while a conversion lasts: the keys of touched rows, logged by triggers.

A trigger only appends the keys of a statement's rows to a log, in the writer's own transaction:
nothing about the new table can make a write fail or wait. Whoever brings the tables in step reads
the rows of logged keys as they are by then, so the log needs neither order nor values.
"""

from collections.abc import Iterable
from contextlib import suppress

import psycopg
from psycopg import sql

from db.convert.model import Job
from db.convert.session import Connection

_EVENTS = ("insert", "update", "delete", "truncate")

_BODIES = {
    "insert": "INSERT INTO {log} ({keys}) SELECT {keys} FROM rows_after;",
    "update": (
        "INSERT INTO {log} ({keys}) SELECT {keys} FROM rows_before "
        "UNION SELECT {keys} FROM rows_after;"
    ),
    "delete": "INSERT INTO {log} ({keys}) SELECT {keys} FROM rows_before;",
    "truncate": "INSERT INTO {log} (is_truncate) VALUES (true);",
}
_REFERENCING = {
    "insert": "REFERENCING NEW TABLE AS rows_after",
    "update": "REFERENCING OLD TABLE AS rows_before NEW TABLE AS rows_after",
    "delete": "REFERENCING OLD TABLE AS rows_before",
    "truncate": "",
}


def create_log(connection: Connection, job: Job, purpose: str, columns: Iterable[str]) -> None:
    """The log `purpose` of a conversion and its trigger functions; keys typed as in the table."""
    keys = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    connection.execute(
        sql.SQL(
            "CREATE TABLE {log} AS SELECT {keys}, false AS is_truncate FROM {live} WITH NO DATA"
        ).format(log=job.own(purpose), keys=keys, live=job.live)
    )
    connection.execute(
        sql.SQL("ALTER TABLE {} ALTER COLUMN is_truncate SET DEFAULT false").format(
            job.own(purpose)
        )
    )
    for event in _EVENTS:
        _create_function(connection, job, purpose, event, _BODIES[event], keys)
    old = sql.SQL(", ").join(sql.SQL("OLD.{}").format(sql.Identifier(name)) for name in columns)
    _create_function(
        connection,
        job,
        purpose,
        "delete_row",
        "INSERT INTO {log} ({keys}) VALUES ({old});",
        keys,
        old,
    )


def create_triggers(
    connection: Connection,
    job: Job,
    purpose: str,
    table: sql.Identifier,
    *,
    deletes_by_row: bool,
) -> None:
    """Log what is done to `table` from now on.

    `deletes_by_row`: Community refuses transition tables of DELETE where there is a columnstore.
    """
    for event in _EVENTS:
        by_row = deletes_by_row and event == "delete"
        connection.execute(
            sql.SQL(
                "CREATE TRIGGER {name} AFTER {event} ON {table} {referencing} "
                "FOR EACH {level} EXECUTE FUNCTION {function}()"
            ).format(
                name=_trigger(job, purpose, event),
                event=sql.SQL(event.upper()),
                table=table,
                referencing=sql.SQL("" if by_row else _REFERENCING[event]),
                level=sql.SQL("ROW" if by_row else "STATEMENT"),
                function=job.own(f"{purpose}_{'delete_row' if by_row else event}"),
            )
        )
        _fire_always(connection, table, _trigger(job, purpose, event))


def _fire_always(connection: Connection, table: sql.Identifier, trigger: sql.Identifier) -> None:
    """Also for who writes with session_replication_role = replica, as restores do.

    Older versions of TimescaleDB have no such thing on a hypertable.
    """
    statement = sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(table, trigger)
    with suppress(psycopg.errors.FeatureNotSupported), connection.transaction():
        connection.execute(statement)


def drop_trigger_statements(job: Job, purpose: str, table: sql.Identifier) -> list[sql.Composed]:
    """What stops the logging of what is done to `table`."""
    return [
        sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(_trigger(job, purpose, event), table)
        for event in _EVENTS
    ]


def drop_log(connection: Connection, job: Job, purpose: str) -> None:
    """The log and its functions go; its triggers must be gone."""
    for event in (*_EVENTS, "delete_row"):
        connection.execute(
            sql.SQL("DROP FUNCTION IF EXISTS {}()").format(job.own(f"{purpose}_{event}"))
        )
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(job.own(purpose)))


def _trigger(job: Job, purpose: str, event: str) -> sql.Identifier:
    return sql.Identifier(f"oi_convert_{purpose}_{event}_{job.id}")


def _create_function(
    connection: Connection,
    job: Job,
    purpose: str,
    event: str,
    body: str,
    keys: sql.Composable,
    old: sql.Composable | None = None,
) -> None:
    # SECURITY DEFINER: whoever may write to the table may not write to the log by themselves
    template = sql.SQL(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = pg_catalog, pg_temp AS {body}"
    )
    filled = sql.SQL("BEGIN " + body + " RETURN NULL; END").format(
        log=job.own(purpose), keys=keys, old=old or sql.SQL("")
    )
    connection.execute(
        template.format(
            function=job.own(f"{purpose}_{event}"),
            body=sql.Literal(filled.as_string(connection)),
        )
    )
