"""Functions, triggers and sequences as the server prints them: found, and as files make them.

What files make is made in the session's temporary schema inside a savepoint, printed and rolled
back: nothing that anybody uses is touched, and no right is needed but that for temporary tables.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from db.timescale.catalog.index import make_copy
from db.timescale.engine.install import SET_PATH
from db.timescale.sqlfiles import Made, Name, Trigger
from db.timescale.sqltext import compose, ident, named_statements, raw
from db.timescale.statements import execute

_TEMPORARY = re.compile(r"\bpg_temp(?:_\d+)?\.")

Objects = Mapping[str, str]


def found_objects(connection: Connection, made: Made, schema: str | None) -> Objects:
    """Object → definition of what the database holds under the names that files make.

    With `schema`, everything it holds too. An object is named as DROP takes it.
    """
    trial = connection.begin_nested()
    try:
        execute(connection, _sql("settings"))
        routines = _routines(connection, schema, [routine.name for routine in made.routines])
        return {
            **{_routine_name(row): row.definition for row in routines},
            **_sequences(connection, made),
            **{_trigger_name(row): _trigger(row) for row in _triggers(connection, schema, made)},
        }
    finally:
        trial.rollback()


def declared_objects(connection: Connection, made: Made) -> Objects:
    """The same of what the files would make."""
    trial = connection.begin_nested()
    try:
        execute(connection, SET_PATH)
        execute(connection, raw("SET LOCAL check_function_bodies = off"))
        for routine in made.routines:
            execute(connection, raw(routine.placed_in("pg_temp")))
        _make_triggers(connection, made.triggers)
        execute(connection, _sql("settings"))
        return _printed(connection, made)
    finally:
        trial.rollback()


def _make_triggers(connection: Connection, triggers: Sequence[Trigger]) -> None:
    for table in dict.fromkeys(trigger.table for trigger in triggers):
        make_copy(connection, table[1], ".".join(table))
    for trigger in triggers:
        execute(connection, raw(trigger.placed_in("pg_temp")))


def _printed(connection: Connection, made: Made) -> Objects:
    schema = connection.execute(text(_sql("temporary_schema"))).scalar_one()
    schemas = {name: schema for schema, name in (routine.name for routine in made.routines)}
    tables = {trigger.table[1]: trigger.table[0] for trigger in made.triggers}
    there = [(schema, name) for name in schemas]
    found: dict[str, str] = {}
    for row in _routines(connection, None, there):
        home = f"{ident(schemas[row.name])}."
        found[_routine_name(row, schemas[row.name])] = _TEMPORARY.sub(home, row.definition, count=1)
    for sequence in made.sequences:
        found[_sequence_name(sequence)] = _sequence(sequence)
    for row in _triggers(connection, schema, made, [schema]):
        home = tables[row.table]
        found[_trigger_name(row, home)] = _replaced_homes(_trigger(row), home, schemas)
    return found


def _replaced_homes(definition: str, table_schema: str, routines: Mapping[str, str]) -> str:
    """A trigger's text with its table and its routine where they belong."""
    head, called, tail = definition.rpartition("EXECUTE FUNCTION ")
    head = _TEMPORARY.sub(f"{ident(table_schema)}.", head)
    routine = _TEMPORARY.sub("", tail)
    home = routines[routine.partition("(")[0].strip('"')]
    return f"{head}{called}{ident(home)}.{routine}"


def _routines(
    connection: Connection, schema: str | None, names: Sequence[Name]
) -> Sequence[Row[Any]]:
    values = {
        "schema": schema,
        "schemas": [name[0] for name in names],
        "names": [name[1] for name in names],
    }
    return connection.execute(text(_sql("routines")), values).all()


def _triggers(
    connection: Connection,
    schema: str | None,
    made: Made,
    table_schemas: Sequence[str] | None = None,
) -> Sequence[Row[Any]]:
    values = {
        "schema": schema,
        "table_schemas": table_schemas or sorted({t.table[0] for t in made.triggers}),
        "schemas": [trigger.table[0] for trigger in made.triggers],
        "tables": [trigger.table[1] for trigger in made.triggers],
        "names": [trigger.name for trigger in made.triggers],
    }
    return connection.execute(text(_sql("triggers")), values).all()


def _sequences(connection: Connection, made: Made) -> dict[str, str]:
    values = {
        "schemas": [name[0] for name in made.sequences],
        "names": [name[1] for name in made.sequences],
    }
    rows = connection.execute(text(_sql("sequences")), values)
    names = [(row.schema, row.name) for row in rows]
    return {_sequence_name(name): _sequence(name) for name in names}


def _routine_name(row: Row[Any], schema: str | None = None) -> str:
    return f"{row.kind} {ident(schema or row.schema)}.{ident(row.name)}({row.arguments})"


def _trigger_name(row: Row[Any], schema: str | None = None) -> str:
    return f"trigger {ident(row.name)} ON {ident(schema or row.schema)}.{ident(row.table)}"


def _trigger(row: Row[Any]) -> str:
    if row.firing is None:
        return str(row.definition)
    return f"{row.definition};\nALTER TABLE {ident(row.schema)}.{ident(row.table)} " + (
        f"{row.firing} TRIGGER {ident(row.name)}"
    )


def _sequence_name(name: Name) -> str:
    return f"sequence {ident(name[0])}.{ident(name[1])}"


def _sequence(name: Name) -> str:
    return f"CREATE SEQUENCE {ident(name[0])}.{ident(name[1])}"


def _sql(name: str, /, **parts: Any) -> Any:
    return compose(named_statements("db.timescale.sql", "objects.sql")[name], **parts)
