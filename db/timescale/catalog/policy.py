"""Policies as the database holds them: TimescaleDB's own jobs, the toolkit's, what was skipped.

https://docs.tigerdata.com/api/latest/informational-views/jobs/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from db.timescale import records
from db.timescale.editions import read_server
from db.timescale.sqltext import Relation

_JOBS = text(
    """
    SELECT coalesce(a.view_schema, j.hypertable_schema) AS schema,
           coalesce(a.view_name, j.hypertable_name) AS name,
           j.config AS config,
           j.schedule_interval AS schedule_interval
    FROM timescaledb_information.jobs AS j
    LEFT JOIN timescaledb_information.continuous_aggregates AS a
      ON a.materialization_hypertable_schema = j.hypertable_schema
     AND a.materialization_hypertable_name = j.hypertable_name
    WHERE j.proc_name = :procedure AND j.hypertable_name IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """What a policy does, as its job or record says it; `schedule_interval` None is unknown."""

    config: Mapping[str, Any]
    schedule_interval: timedelta | None


def native_policies(connection: Connection, procedure: str) -> Mapping[Relation, FoundPolicy]:
    """Relation → the job that runs `procedure` for that hypertable or aggregate."""
    return {
        Relation(row.schema, row.name): FoundPolicy(row.config, row.schedule_interval)
        for row in connection.execute(_JOBS, {"procedure": procedure})
    }


def own_policies(connection: Connection, kind: str) -> Mapping[Relation, FoundPolicy]:
    """Relation → the policy that timescale_engine.run_due_policies() runs."""
    return {
        key: FoundPolicy(config, schedule_interval)
        for key, (config, schedule_interval) in records.policies(connection, kind).items()
    }


def skipped_policies(connection: Connection, feature: str) -> Mapping[Relation, FoundPolicy]:
    """Relation → what was skipped; nothing where the server offers the feature by now."""
    if read_server(connection).has(feature):
        return {}
    return {
        key: FoundPolicy(definition, None)
        for key, definition in records.skipped(connection, feature).items()
    }


def as_timedelta(connection: Connection, value: str) -> timedelta:
    """An interval in PostgreSQL's notation as Python has it; a month is 30 days."""
    found = connection.execute(text("SELECT CAST(:value AS interval) AS span"), {"value": value})
    span: timedelta = found.scalar_one()
    return span
