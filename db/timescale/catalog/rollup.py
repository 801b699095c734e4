"""Rollups and their refresh policies as the database holds them, on either edition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from db.timescale.catalog.engine import engine_version
from db.timescale.documents import rollup_document, rollup_from
from db.timescale.errors import SpecError
from db.timescale.specs import RefreshPolicy, RollupSpec
from db.timescale.sqltext import Relation

_ROLLUPS = text(
    """
    -- one whose view was dropped by hand still has its buckets; nothing is left of an aggregate
    SELECT coalesce(
               n.nspname,
               substring(r.spec ->> 'name' from '^(.*)[.]'),
               current_schema()
           ) AS schema,
           coalesce(c.relname, substring(r.spec ->> 'name' from '[^.]*$')) AS name,
           r.spec || jsonb_build_object(
               'real_time', coalesce(NOT a.materialized_only, (r.spec ->> 'real_time')::boolean)
           ) AS document,
           extract(epoch FROM r.bucket)::float8 AS bucket_s,
           extract(epoch FROM (r.spec ->> 'chunk_interval')::interval)::float8 AS chunk_interval_s,
           r.definition AS definition,
           c.oid IS NOT NULL AND timescale_engine.is_as_made(r) AS is_as_made
    FROM timescale_engine.rollup AS r
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = r.relation
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN timescaledb_information.continuous_aggregates AS a
      ON a.view_schema = n.nspname AND a.view_name = c.relname
    WHERE c.oid IS NOT NULL OR NOT r.native
    ORDER BY r.id
    """
)

_REFRESH_POLICIES = text(
    """
    SELECT n.nspname AS schema,
           c.relname AS name,
           (f.config ->> 'start_offset')::interval AS start_offset,
           (f.config ->> 'end_offset')::interval AS end_offset,
           f.schedule_interval AS schedule_interval
    FROM timescale_engine.rollup AS r
    JOIN pg_catalog.pg_class AS c ON c.oid = r.relation
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN timescaledb_information.continuous_aggregates AS a
      ON a.view_schema = n.nspname AND a.view_name = c.relname
    JOIN LATERAL (
        SELECT p.config, p.schedule_interval
        FROM timescale_engine.policy AS p
        WHERE p.kind = 'refresh' AND p.target = timescale_engine.full_name(r.relation)
        UNION ALL
        SELECT j.config, j.schedule_interval
        FROM timescaledb_information.jobs AS j
        WHERE j.proc_name = 'policy_refresh_continuous_aggregate'
          AND (j.hypertable_schema, j.hypertable_name) IN (
              (a.view_schema, a.view_name),
              (a.materialization_hypertable_schema, a.materialization_hypertable_name)
          )
    ) AS f ON true
    """
)

_NORMALIZED = text("SELECT timescale_engine.normalized(CAST(:document AS jsonb)) AS definition")


@dataclass(frozen=True, slots=True)
class FoundRollup:
    """A rollup of the database: what was declared, and whether it is still what was made of it."""

    spec: RollupSpec
    definition: str
    is_as_made: bool


def rollups(connection: Connection) -> Mapping[Relation, FoundRollup]:
    """Rollup by relation, sources before what reads them; policies are not part of it."""
    if engine_version(connection) is None:
        return {}
    return {
        Relation(row.schema, row.name): FoundRollup(
            spec=rollup_from(
                row.document, {"bucket": row.bucket_s, "chunk_interval": row.chunk_interval_s}
            ),
            definition=row.definition,
            is_as_made=bool(row.is_as_made),
        )
        for row in connection.execute(_ROLLUPS)
    }


def refresh_policies(connection: Connection) -> Mapping[Relation, RefreshPolicy]:
    """Relation → the rollup's refresh policy, native or the toolkit's own."""
    if engine_version(connection) is None:
        return {}
    return {
        Relation(row.schema, row.name): RefreshPolicy(
            start_offset=row.start_offset,
            end_offset=row.end_offset,
            schedule_interval=row.schedule_interval,
        )
        for row in connection.execute(_REFRESH_POLICIES)
    }


def normalized_definition(connection: Connection, spec: RollupSpec) -> str:
    """A spec's SELECT as the server prints it; raises SpecError where it makes no sense there."""
    try:
        with connection.begin_nested():
            definition: Any = connection.execute(
                _NORMALIZED, {"document": _json(spec)}
            ).scalar_one()
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        raise SpecError(f"Rollup {spec.name} cannot be made: {reason}.") from error
    return str(definition)


def _json(spec: RollupSpec) -> str:
    import json

    return json.dumps(rollup_document(spec))
