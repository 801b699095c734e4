"""Columnstore settings and policies as the database holds them.

https://docs.tigerdata.com/api/latest/informational-views/hypertable_columnstore_settings/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from db.timescale.catalog.policy import as_timedelta, native_policies, skipped_policies
from db.timescale.sqltext import Relation

_SETTINGS = text(
    """
    WITH enabled AS (
      SELECT hypertable_schema AS schema,
             hypertable_name AS name,
             format('%I.%I', hypertable_schema, hypertable_name)::regclass AS stored_in
      FROM timescaledb_information.hypertables
      WHERE compression_enabled
      UNION ALL
      SELECT view_schema,
             view_name,
             format(
               '%I.%I', materialization_hypertable_schema, materialization_hypertable_name
             )::regclass
      FROM timescaledb_information.continuous_aggregates
      WHERE compression_enabled
    )
    SELECT e.schema AS schema,
           e.name AS name,
           coalesce(s.segmentby, '{}') AS segment_by,
           ARRAY(
             SELECT o.name || CASE WHEN o.is_descending THEN ' DESC' ELSE '' END
             FROM unnest(s.orderby, s.orderby_desc) WITH ORDINALITY
               AS o (name, is_descending, position)
             ORDER BY o.position
           ) AS order_by
    FROM enabled AS e
    LEFT JOIN _timescaledb_catalog.compression_settings AS s ON s.relid = e.stored_in
    """
)


@dataclass(frozen=True, slots=True)
class ColumnstoreSettings:
    """Segments and order; columns in the order each carry " DESC" where they descend."""

    segment_by: tuple[str, ...]
    order_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnstorePolicy:
    """When chunks move."""

    after: timedelta
    schedule_interval: timedelta


def columnstore_settings(connection: Connection) -> Mapping[Relation, ColumnstoreSettings]:
    """Relation → its settings, or those that were skipped on this edition."""
    enabled = {
        Relation(row.schema, row.name): _settings(row.segment_by, row.order_by)
        for row in connection.execute(_SETTINGS)
    }
    skipped = {
        key: _settings(found.config["segment_by"], found.config["order_by"])
        for key, found in skipped_policies(connection, "columnstore").items()
    }
    return {**skipped, **enabled}


def columnstore_policies(connection: Connection) -> Mapping[Relation, ColumnstorePolicy]:
    """Relation → its policy, or the one that was skipped on this edition."""
    running = {
        key: ColumnstorePolicy(
            after=as_timedelta(connection, found.config["compress_after"]),
            schedule_interval=found.schedule_interval or timedelta(hours=12),
        )
        for key, found in native_policies(connection, "policy_compression").items()
        if "compress_after" in found.config
    }
    skipped = {
        key: ColumnstorePolicy(
            after=as_timedelta(connection, found.config["after"]),
            schedule_interval=as_timedelta(connection, found.config["schedule_interval"]),
        )
        for key, found in skipped_policies(connection, "columnstore_policy").items()
    }
    return {**skipped, **running}


def _settings(segment_by: Sequence[str], order_by: Sequence[str]) -> ColumnstoreSettings:
    return ColumnstoreSettings(segment_by=tuple(segment_by), order_by=tuple(order_by))
