"""What a database holds, as two of them can be compared: rows by count and checksum, the rest by
its definition."""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection, sql

from db.timescale.sqltext import named_statements

Inventory = Mapping[str, Mapping[str, str]]
"""Kind of thing → name → what it is."""


def statement(name: str) -> Any:
    """A query of inventory.sql."""
    return named_statements("db.backup", "inventory.sql")[name]


def inventory(connection: "Connection[Any]") -> dict[str, dict[str, str]]:
    """Everything of the database behind a connection, as its transaction sees it."""
    connection.execute(statement("settings"))
    found: dict[str, dict[str, str]] = {"table": _tables(connection)}
    for kind, name, definition in connection.execute(statement("things")):
        found.setdefault(kind, {})[name] = definition
    return found


def differences(wanted: Inventory, found: Inventory) -> list[str]:
    """What is not in both, or not the same, a line each."""
    lines = []
    for kind in sorted({*wanted, *found}):
        before, after = wanted.get(kind, {}), found.get(kind, {})
        lines += [f"{kind} {name} is missing" for name in sorted(before.keys() - after.keys())]
        lines += [f"{kind} {name} is new" for name in sorted(after.keys() - before.keys())]
        lines += [
            f"{kind} {name} is {after[name]}, was {before[name]}"
            for name in sorted(before.keys() & after.keys())
            if before[name] != after[name]
        ]
    return lines


def total_rows(held: Inventory) -> int:
    """How many rows all tables hold together."""
    return sum(int(each.split()[0]) for each in held["table"].values())


def _tables(connection: "Connection[Any]") -> dict[str, str]:
    found = {}
    for schema, name in connection.execute(statement("tables")).fetchall():
        query = sql.SQL(statement("rows")).format(table=sql.Identifier(schema, name))
        rows, checksum = connection.execute(query).fetchone() or (0, "0")
        found[f"{schema}.{name}"] = f"{rows} rows, checksum {checksum}"
    return found
