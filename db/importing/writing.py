"""Rows into their table: a transaction a batch, and each row once however often it comes."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from db.driver import driver_cursor
from db.importing.tables import Target
from db.timescale.sqltext import (
    Fragment,
    compose,
    ident,
    joined,
    literal,
    named_statements,
    relation,
)


def store(
    connection: Connection, target: Target, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """Store those of the rows that are not there yet, in the caller's transaction; how many.

    The triggers of the table see them as they see any writer's, so that pointers, live edge and
    rollups follow.
    """
    parts = _parts(target, columns, rows)
    _execute(connection, "alone", parts)
    _execute(connection, "open_stage", parts)
    with driver_cursor(connection) as cursor:
        with cursor.copy(_sql("fill_stage", parts)) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_sql(_adding(target), parts))
        return cursor.rowcount


def _adding(target: Target) -> str:
    if not target.key:
        return "add_unless_equal"
    return "add_by_key" if target.archive is None else "add_by_key_unless_archived"


def _parts(
    target: Target, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> dict[str, Fragment]:
    at = columns.index(target.instant)
    instants = [row[at] for row in rows]
    return {
        "table": literal(target.name),
        "target": relation(target.name),
        "archive": relation(target.archive or target.name),
        "instant": ident(target.instant),
        "first": literal(min(instants)),
        "last": literal(max(instants)),
        "columns": _names(columns),
        "staged_key": _names(target.key, "staged"),
        "archived_key": _names(target.key, "archived"),
    }


def _names(columns: Iterable[str], alias: str | None = None) -> Fragment:
    return joined(relation(f"{alias}.{name}" if alias else name) for name in columns)


def _execute(connection: Connection, name: str, parts: dict[str, Fragment]) -> None:
    connection.execute(text(_sql(name, parts)))


def _sql(name: str, parts: dict[str, Fragment]) -> Fragment:
    return compose(named_statements("db.importing", "importing.sql")[name], **parts)
