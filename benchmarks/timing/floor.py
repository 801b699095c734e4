"""The floor of a read: the same rows by primary key from a table that holds nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from psycopg import sql

from benchmarks.server.databases import Session
from benchmarks.timing.requests import Request

_SCHEMA = "benchmark_floor"


def build_floor(session: Session, name: str, requests: Sequence[Request]) -> list[Request]:
    """Store what each request returns under its number; the requests that read it by that key."""
    # the session is the application's for reading
    session.execute("SET default_transaction_read_only = off")
    session.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(_SCHEMA)))
    with session.cursor() as cursor:
        answers, types = _answers(cursor, requests)
    columns = [f"value_{number}" for number in range(len(types))]
    table = sql.Identifier(_SCHEMA, name)
    session.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    session.execute(_table(session, table, columns, types))
    _fill(session, table, types, answers)
    session.execute(sql.SQL("VACUUM (ANALYZE, FREEZE) {}").format(table))
    session.execute("RESET default_transaction_read_only")
    text = sql.SQL("SELECT {} FROM {} WHERE request = %(request)s").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), table
    )
    asked = replace(requests[0][-1], text=text.as_string())
    return [[replace(asked, parameters={"request": n})] for n in range(len(requests))]


def _answers(
    cursor: Any, requests: Sequence[Request]
) -> tuple[list[list[tuple[Any, ...]]], list[int]]:
    answers, types = [], []
    for request in requests:
        for statement in request:
            cursor.execute(statement.text, statement.parameters)
            rows = cursor.fetchall()
        answers.append(rows)
        types = [column.type_code for column in cursor.description]
    return answers, types


def _table(
    session: Session, table: sql.Identifier, columns: Sequence[str], types: Sequence[int]
) -> sql.Composed:
    # types are written by the server's own format_type(), which quotes what needs it
    named = session.execute(
        """
        SELECT format_type(wanted.type, NULL)
        FROM unnest(%s::oid[]) WITH ORDINALITY AS wanted (type, position)
        ORDER BY wanted.position
        """,
        [list(types)],
    ).fetchall()
    values = [
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(type_))
        for column, (type_,) in zip(columns, named, strict=True)
    ]
    return sql.SQL(
        "CREATE TABLE {} (request INTEGER, position INTEGER, {}, PRIMARY KEY (request, position))"
    ).format(table, sql.SQL(", ").join(values))


def _fill(
    session: Session,
    table: sql.Identifier,
    types: Sequence[int],
    answers: Sequence[Sequence[tuple[Any, ...]]],
) -> None:
    copy_into = sql.SQL("COPY {} FROM STDIN").format(table)
    with session.cursor() as cursor, cursor.copy(copy_into) as copy:
        copy.set_types(["int4", "int4", *types])
        for number, rows in enumerate(answers):
            for position, row in enumerate(rows):
                copy.write_row((number, position, *row))
