"""From a table and what is asked of it to the blueprint of the table that replaces it."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from db.convert.errors import BlockedError
from db.convert.facts import IndexFact, TableFacts
from db.convert.model import Blueprint, Direction, RunOptions, TargetIndex
from db.timescale.converter import Conversion
from db.timescale.specs import UniqueKey

_US = timedelta(microseconds=1)
# what follows the table's name in `CREATE INDEX name ON table …`
_INDEX_TAIL = re.compile(
    r"^CREATE (?:UNIQUE )?INDEX .+? ON (?:ONLY )?(?:\"[^\"]+\"|[^\s(])+\s*((?:USING|\().*)$",
    re.DOTALL | re.IGNORECASE,
)
_TIME_TYPES = ("timestamp without time zone", "timestamp with time zone", "date")


def draw(
    table: TableFacts, conversion: Conversion, direction: Direction, options: RunOptions
) -> Blueprint:
    """The new table for one direction; raises BlockedError when its rows cannot be told apart."""
    time = table.column(conversion.spec.time_column)
    if time.type.replace("(6)", "") not in _TIME_TYPES:
        raise BlockedError(
            f"{table.name}.{time.name} is {time.type}; online conversion needs a timestamp or date."
        )
    to_hypertable = direction == "to_hypertable"
    identity = _identity(table, conversion)
    return Blueprint(
        time_column=time.name,
        time_type=time.type,
        identity=identity,
        is_identity_unique=_proves(table.indexes, identity),
        preference=_primary_key(table),
        indexes=_to_hypertable(table, conversion, options.ahead)
        if to_hypertable
        else _to_plain(table, conversion),
        chunk_interval_us=conversion.spec.chunk_interval // _US if to_hypertable else None,
        space=tuple((s.column, s.partitions) for s in conversion.spec.space)
        if to_hypertable
        else (),
        oldest_first=options.oldest_first,
        window_rows=options.window_rows,
    )


def key_columns(key: UniqueKey) -> tuple[str, ...]:
    """The plain column names of a key whose columns may carry an order."""
    return tuple(_unquoted(re.sub(r"\s+(ASC|DESC).*$", "", c, flags=re.I)) for c in key.columns)


def _unquoted(name: str) -> str:
    if not name.startswith('"'):
        return name
    return name[1:-1].replace('""', '"')


def _identity(table: TableFacts, conversion: Conversion) -> tuple[str, ...]:
    time_column = conversion.spec.time_column
    if conversion.unique_keys:
        columns = key_columns(conversion.unique_keys[0])
    else:
        columns = _primary_key(table) or _first_unique(table)
    if not columns:
        raise BlockedError(
            f"{table.name} has no key that tells its rows apart; add a primary key or name one "
            "for the hypertable."
        )
    return columns if time_column in columns else (*columns, time_column)


def _primary_key(table: TableFacts) -> tuple[str, ...]:
    for index in table.indexes:
        if index.constraint_type == "p":
            return tuple(index.columns)
    return ()


def _first_unique(table: TableFacts) -> tuple[str, ...]:
    for index in table.indexes:
        if index.is_unique and index.is_whole and index.is_valid:
            return tuple(index.columns)
    # a hypertable made from a table with a serial id still has it, though no index says so
    for column in table.columns:
        if column.default_expression and column.default_expression.startswith("nextval("):
            return (column.name,)
    return ()


def _proves(indexes: Iterable[IndexFact], identity: tuple[str, ...]) -> bool:
    return any(
        index.is_unique
        and index.is_valid
        and index.is_whole
        and set(index.columns) <= set(identity)
        for index in indexes
    )


def _to_hypertable(
    table: TableFacts, conversion: Conversion, ahead: Iterable[TargetIndex]
) -> tuple[TargetIndex, ...]:
    dropped = {*conversion.drop_constraints, *conversion.drop_indexes}
    carried = [_carried(i) for i in table.indexes if i.name not in dropped and i.is_valid]
    for index in carried:
        if index.is_unique and conversion.spec.time_column not in _columns_of(table, index.name):
            raise BlockedError(
                f"{index.name} is unique without {conversion.spec.time_column}, which a hypertable "
                "cannot keep; name it among the constraints or indexes that go."
            )
    known = {index.name for index in carried}
    return (
        *(_from_key(key) for key in conversion.unique_keys),
        *carried,
        *(index for index in ahead if index.name not in known),
    )


def _to_plain(table: TableFacts, conversion: Conversion) -> tuple[TargetIndex, ...]:
    made = {key.name for key in conversion.unique_keys}
    restored = [
        *_from_definitions(conversion.drop_constraints, is_constraint=True),
        *_from_definitions(conversion.drop_indexes, is_constraint=False),
    ]
    names = {index.name for index in restored}
    carried = [
        _carried(i)
        for i in table.indexes
        if i.name not in made and i.name not in names and i.is_valid
    ]
    return (*restored, *carried)


def _columns_of(table: TableFacts, name: str) -> list[str]:
    return next(index.columns for index in table.indexes if index.name == name)


def _from_key(key: UniqueKey) -> TargetIndex:
    columns = ", ".join(key.columns)
    tail = f"PRIMARY KEY ({columns})" if key.primary else f"({columns})"
    return TargetIndex(name=key.name, tail=tail, is_unique=True, is_constraint=key.primary)


def _from_definitions(
    definitions: Mapping[str, str], *, is_constraint: bool
) -> Iterable[TargetIndex]:
    for name, definition in definitions.items():
        if is_constraint:
            yield TargetIndex(name=name, tail=definition, is_unique=True, is_constraint=True)
        else:
            yield TargetIndex(
                name=name,
                tail=index_tail(definition),
                is_unique=definition.upper().startswith("CREATE UNIQUE"),
            )


def _carried(index: IndexFact) -> TargetIndex:
    if index.constraint_definition is not None:
        return TargetIndex(
            name=index.name,
            tail=index.constraint_definition,
            is_unique=index.is_unique,
            is_constraint=True,
        )
    return TargetIndex(
        name=index.name, tail=index_tail(index.definition), is_unique=index.is_unique
    )


def index_tail(definition: str) -> str:
    match = _INDEX_TAIL.match(definition)
    if match is None:
        raise BlockedError(f"This is no index definition PostgreSQL writes: {definition}")
    return match.group(1)
