"""Primary keys and unique constraints as the database holds them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from db.timescale.sqltext import relation

_KEYS = text(
    """
    SELECT k.conname AS name,
           k.contype = 'p' AS is_primary,
           pg_get_constraintdef(k.oid) AS definition,
           ARRAY(
             SELECT a.attname
             FROM unnest(k.conkey) WITH ORDINALITY AS c (attnum, position)
             JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = c.attnum
             ORDER BY c.position
           ) AS columns
    FROM pg_constraint AS k
    WHERE k.conrelid = to_regclass(:relation) AND k.contype IN ('p', 'u')
    ORDER BY k.conname
    """
)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A primary key or unique constraint, with its definition in PostgreSQL's words."""

    name: str
    is_primary: bool
    definition: str
    columns: tuple[str, ...]


def keys(connection: Connection, table: str) -> Sequence[FoundKey]:
    """The keys of `table` (`name` or `schema.name`)."""
    rows = connection.execute(_KEYS, {"relation": relation(table)})
    return [FoundKey(row.name, row.is_primary, row.definition, tuple(row.columns)) for row in rows]
