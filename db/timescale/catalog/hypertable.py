"""Hypertables and their dimensions as the database holds them.

https://docs.tigerdata.com/api/latest/informational-views/dimensions/
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from db.timescale.specs import HypertableSpec, SpaceDimension
from db.timescale.sqltext import Fragment, Relation, compose
from db.timescale.statements import execute

# schemas that TimescaleDB and the toolkit's engine keep for themselves
INTERNAL_SCHEMAS = (
    "_timescaledb_internal",
    "_timescaledb_catalog",
    "_timescaledb_cache",
    "_timescaledb_config",
    "_timescaledb_functions",
    "timescaledb_information",
    "timescaledb_experimental",
    "timescale_engine",
)

_HYPERTABLES = text(
    """
    SELECT d.hypertable_schema AS schema,
           d.hypertable_name AS name,
           max(d.column_name) FILTER (WHERE d.dimension_number = 1) AS time_column,
           max(d.time_interval) FILTER (WHERE d.dimension_number = 1) AS chunk_interval,
           jsonb_agg(jsonb_build_array(d.column_name, d.num_partitions) ORDER BY d.dimension_number)
               FILTER (WHERE d.dimension_type = 'Space') AS space
    FROM timescaledb_information.dimensions AS d
    WHERE d.hypertable_schema <> ALL (:internal)
      AND (CAST(:relation AS text) IS NULL
           OR format('%I.%I', d.hypertable_schema, d.hypertable_name)::regclass
              = to_regclass(:relation))
    GROUP BY d.hypertable_schema, d.hypertable_name
    HAVING max(d.time_interval) FILTER (WHERE d.dimension_number = 1) IS NOT NULL
    """
)


def hypertables(
    connection: Connection, relation: str | None = None
) -> Mapping[Relation, HypertableSpec]:
    """The hypertables as found; of one quoted relation, or all of them."""
    rows = connection.execute(
        _HYPERTABLES, {"internal": list(INTERNAL_SCHEMAS), "relation": relation}
    )
    return {
        Relation(row.schema, row.name): HypertableSpec(
            table=f"{row.schema}.{row.name}",
            time_column=row.time_column,
            chunk_interval=row.chunk_interval,
            space=tuple(
                SpaceDimension(column=column, partitions=partitions)
                for column, partitions in row.space or ()
            ),
        )
        for row in rows
    }


def what_a_rebuild_loses(connection: Connection, relation: Fragment) -> list[str]:
    """What TimescaleDB keeps of a hypertable beside its rows: policies and the columnstore."""
    query = text(
        """
        SELECT j.proc_name AS what
        FROM timescaledb_information.jobs AS j
        WHERE j.hypertable_name IS NOT NULL
          AND format('%I.%I', j.hypertable_schema, j.hypertable_name)::regclass
              = to_regclass(:relation)
        UNION ALL
        SELECT 'the columnstore'
        FROM timescaledb_information.hypertables AS h
        WHERE h.compression_enabled
          AND format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass
              = to_regclass(:relation)
        ORDER BY 1
        """
    )
    return list(connection.execute(query, {"relation": relation}).scalars())


def holds_rows(connection: Connection, relation: Fragment) -> bool:
    """Whether a quoted relation has at least one row."""
    statement = compose("SELECT EXISTS (SELECT FROM {relation})", relation=relation)
    return bool(execute(connection, statement).scalar())
