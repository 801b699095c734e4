"""What belongs to a table beside its rows, carried from the old one to the new one."""

from collections.abc import Iterable

from psycopg import sql

from db.convert import facts
from db.convert.facts import TableFacts
from db.convert.model import STATE_SCHEMA, Job
from db.convert.session import Connection, Row, catalog


def settings(connection: Connection, job: Job, table: TableFacts) -> None:
    """Owner, storage options, comments, statistics targets, grants: onto the new table."""
    run = connection.execute
    shadow = job.shadow
    if table.storage_options:
        options = sql.SQL(", ").join(sql.SQL(option) for option in table.storage_options)
        run(sql.SQL("ALTER TABLE {} SET ({})").format(shadow, options))
    if table.comment is not None:
        run(sql.SQL("COMMENT ON TABLE {} IS {}").format(shadow, sql.Literal(table.comment)))
    for column in table.columns:
        _column_settings(connection, shadow, column)
    for statement in grants(connection, table, shadow):
        run(statement)
    owner = sql.Identifier(table.owner)
    if run("SELECT WHERE current_user <> %s", [table.owner]).fetchone() is not None:
        # an owner has to be allowed to make tables where its table lies, and new chunks get the
        # triggers that capture changes as the owner's
        grant = sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}")
        for schema in (job.new_schema, job.old_schema):
            run(grant.format(sql.Identifier(schema), owner))
        usage = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}")
        run(usage.format(sql.Identifier(STATE_SCHEMA), owner))
    run(sql.SQL("ALTER TABLE {} OWNER TO {}").format(shadow, owner))


def _column_settings(
    connection: Connection, shadow: sql.Identifier, column: facts.ColumnFact
) -> None:
    name = sql.Identifier(column.name)
    if column.comment is not None:
        connection.execute(
            sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(
                shadow, name, sql.Literal(column.comment)
            )
        )
    if column.statistics_target is not None:
        connection.execute(
            sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS {}").format(
                shadow, name, sql.Literal(column.statistics_target)
            )
        )


def grants(
    connection: Connection, table: TableFacts, shadow: sql.Identifier
) -> Iterable[sql.Composed]:
    """The GRANT statements that give the new table the old one's privileges."""
    for row in catalog(connection, "table_grants", oid=table.oid):
        yield _grant(sql.SQL(row["privilege"]), shadow, row)
    for row in catalog(connection, "column_grants", oid=table.oid):
        privilege = sql.SQL("{} ({})").format(
            sql.SQL(row["privilege"]), sql.Identifier(row["column_name"])
        )
        yield _grant(privilege, shadow, row)


def _grant(privilege: sql.Composable, shadow: sql.Identifier, row: Row) -> sql.Composed:
    grantee = row["grantee"]
    return sql.SQL("GRANT {} ON {} TO {}{}").format(
        privilege,
        shadow,
        sql.SQL("PUBLIC") if grantee is None else sql.Identifier(grantee),
        sql.SQL(" WITH GRANT OPTION" if row["is_grantable"] else ""),
    )


def foreign_keys(connection: Connection, job: Job, table: TableFacts) -> None:
    """The keys by which the table refers to others."""
    for row in catalog(connection, "outgoing_keys", oid=table.oid):
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                job.shadow, sql.Identifier(row["name"]), sql.SQL(row["definition"])
            )
        )


def replica_identity(connection: Connection, table: TableFacts, new: sql.Identifier) -> None:
    """What identifies a row to subscribers; a key that is gone is replaced by the whole row."""
    published = catalog(connection, "publications", oid=table.oid)
    clause = {"f": "FULL", "n": "NOTHING"}.get(table.replica_identity)
    if clause is None and (published or table.replica_identity == "i"):
        clause = "FULL"
    if clause is not None:
        connection.execute(
            sql.SQL("ALTER TABLE {} REPLICA IDENTITY {}").format(new, sql.SQL(clause))
        )


def publication_statements(
    connection: Connection, oid: int, left: sql.Identifier, live: sql.Identifier
) -> list[sql.Composed]:
    """Publications that named the old table name the new one."""
    names = [sql.Identifier(row["name"]) for row in catalog(connection, "publications", oid=oid)]
    return [
        statement.format(name, table)
        for name in names
        for statement, table in (
            (sql.SQL("ALTER PUBLICATION {} DROP TABLE {}"), left),
            (sql.SQL("ALTER PUBLICATION {} ADD TABLE {}"), live),
        )
    ]


def view_statements(connection: Connection, oid: int) -> list[sql.Composed]:
    """What makes each view of a table read the table that has its name when the statement runs."""
    with connection.transaction():
        # without a search path PostgreSQL writes every name with its schema
        connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        views = catalog(connection, "views", oid=oid)
    return [
        sql.SQL("CREATE OR REPLACE VIEW {} {} AS {}").format(
            sql.Identifier(row["schema"], row["name"]),
            sql.SQL("WITH ({})").format(sql.SQL(", ").join(map(sql.SQL, row["options"])))
            if row["options"]
            else sql.SQL(""),
            sql.SQL(row["definition"].rstrip().removesuffix(";")),
        )
        for row in views
        if row["kind"] == "v"
    ]


def trigger_statements(
    connection: Connection,
    table: TableFacts,
    arriving: sql.Identifier,
    left: sql.Identifier,
    live: sql.Identifier,
) -> list[sql.Composable]:
    """The user's own triggers: made or enabled on the table in use, silent on the one that left.

    `table` is in use now, `arriving` when the statements run. Hypertables cannot disable a
    trigger, so there they are dropped, and made again on the way back.
    """
    arriving_oid = facts.find(connection, arriving.as_string(connection))
    there = {row["name"] for row in catalog(connection, "triggers", oid=arriving_oid)}
    statements: list[sql.Composable] = []
    silence = sql.SQL(
        "DROP TRIGGER {name} ON {left}"
        if table.is_hypertable
        else "ALTER TABLE {left} DISABLE TRIGGER {name}"
    )
    for row in catalog(connection, "triggers", oid=table.oid):
        if row["name"].startswith("oi_convert_"):
            continue
        name = sql.Identifier(row["name"])
        if row["name"] not in there:
            statements.append(sql.SQL(row["definition"]))
        else:
            statements.append(sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(live, name))
        statements.append(silence.format(name=name, left=left))
    return statements
