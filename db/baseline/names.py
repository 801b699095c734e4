"""What bears a name that the old program's tables need, and such tables in another schema."""

from collections.abc import Iterator

from sqlalchemy import Connection, MetaData, PrimaryKeyConstraint, Table, UniqueConstraint, text

# a table's own indexes may have any of its names
_BORNE = text(
    """
    SELECT c.relname AS name
    FROM pg_class AS c
    LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
    LEFT JOIN pg_class AS indexed ON indexed.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace
      AND c.relname = ANY(:names)
      AND NOT (c.relkind IN ('r', 'p') AND c.relname = ANY(:tables))
      AND (indexed.relname = ANY(:tables)) IS NOT TRUE
    UNION
    SELECT t.typname
    FROM pg_type AS t
    WHERE t.typnamespace = 'public'::regnamespace
      AND t.typname = ANY(:tables)
      AND t.typrelid = 0
    ORDER BY name
    """
)
# with a table's required columns it is more than a name that two share
_ELSEWHERE = text(
    """
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relname = :table
      AND c.relkind IN ('r', 'p')
      AND to_regclass(format('public.%I', c.relname)) IS NULL
      AND n.nspname !~ '^(pg_|information_schema$|_?timescaledb_|oi_convert|archive$)'
      AND NOT EXISTS (
          SELECT
          FROM unnest(CAST(:columns AS text[])) AS required (name)
          WHERE NOT EXISTS (
              SELECT
              FROM pg_attribute AS a
              WHERE a.attrelid = c.oid AND a.attname = required.name AND NOT a.attisdropped
          )
      )
    ORDER BY name
    """
)
_IS_LOADED = text("SELECT to_regclass('_timescaledb_catalog.hypertable') AS known")
_HYPERTABLES = text(
    "SELECT table_name FROM _timescaledb_catalog.hypertable WHERE schema_name = 'public'"
)


def borne_by_others(connection: Connection, legacy: MetaData) -> list[str]:
    """Names of the old program's tables, keys and indexes that something else of public bears."""
    names = [name for table in legacy.sorted_tables for name in _names(table)]
    tables = list(legacy.tables)
    return list(connection.scalars(_BORNE, {"names": names, "tables": tables}))


def elsewhere(connection: Connection, legacy: MetaData) -> Iterator[str]:
    """The old program's tables that are not in public, but in another schema; quoted names."""
    for table in legacy.sorted_tables:
        required = [column.name for column in table.columns if not column.nullable]
        yield from connection.scalars(_ELSEWHERE, {"table": table.name, "columns": required})


def _names(table: Table) -> Iterator[str]:
    yield table.name
    yield from (str(index.name) for index in table.indexes)
    for key in table.constraints:
        if isinstance(key, PrimaryKeyConstraint | UniqueConstraint) and key.name:
            yield str(key.name)


def hypertables(connection: Connection) -> frozenset[str]:
    """The names of hypertables in public; none where the extension is not there."""
    if connection.scalar(_IS_LOADED) is None:
        return frozenset()
    return frozenset(connection.scalars(_HYPERTABLES))
