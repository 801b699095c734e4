"""Records the toolkit keeps in the database: policies it runs itself, and what was skipped.

The comparison takes what was skipped as present where the record equals what is wanted, so that an
edition that lacks a feature is not proposed the same change for ever.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from db.timescale.editions import FEATURES
from db.timescale.sqltext import (
    Fragment,
    Relation,
    compose,
    full_name,
    interval,
    literal,
    named_statements,
)


def set_policy(
    kind: str, target: str, config: Mapping[str, Any], schedule_interval: timedelta
) -> list[Fragment]:
    """Statements that let run_due_policies() of the engine, which is there, run a policy."""
    statement = _sql(
        "set_policy",
        kind=literal(kind),
        target=full_name(target),
        config=literal(config),
        schedule_interval=interval(schedule_interval),
    )
    return [statement]


def forget_policy(kind: str, target: str) -> list[Fragment]:
    """Statements that remove it, where it is there."""
    return [_sql("forget_policy", kind=literal(kind), target=full_name(target))]


def record_skipped(feature: str, target: str, definition: Mapping[str, Any]) -> list[Fragment]:
    """Statements that record what the edition cannot do; they need the engine."""
    statement = _sql(
        "record_skipped",
        feature=literal(feature),
        target=full_name(target),
        definition=literal(definition),
        reason=literal(skipping(feature, target)),
    )
    return [statement]


def forget_skipped(feature: str, target: str) -> list[Fragment]:
    """Statements that remove the record, where there is one."""
    return [_sql("forget_skipped", feature=literal(feature), target=full_name(target))]


def skipping(feature: str, target: str) -> str:
    """The notice for the person who runs the migration."""
    return f"{target}: skipped, the Apache edition does not offer {FEATURES[feature].label}"


def policies(
    connection: Connection, kind: str
) -> Mapping[Relation, tuple[dict[str, Any], timedelta]]:
    """Relation → (config, schedule interval) of the toolkit's own policies."""
    if not _exists(connection, "timescale_engine.policy"):
        return {}
    rows = connection.execute(text(_statements()["read_policies"]), {"kind": kind})
    return {Relation(row.schema, row.name): (row.config, row.schedule_interval) for row in rows}


def skipped(connection: Connection, feature: str) -> Mapping[Relation, dict[str, Any]]:
    """Relation → definition that was skipped."""
    if not _exists(connection, "timescale_engine.skipped"):
        return {}
    rows = connection.execute(text(_statements()["read_skipped"]), {"feature": feature})
    return {Relation(row.schema, row.name): row.definition for row in rows}


def _exists(connection: Connection, table: str) -> bool:
    query = text("SELECT to_regclass(:table) IS NOT NULL AS found")
    return bool(connection.execute(query, {"table": table}).scalar())


def _sql(statement: str, /, **parts: Fragment) -> Fragment:
    return compose(_statements()[statement], **parts)


def _statements() -> Mapping[str, str]:
    return named_statements("db.timescale.sql", "records.sql")
