"""Retention policies as the database holds them."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from db.timescale.catalog.policy import as_timedelta, native_policies, own_policies
from db.timescale.specs import RetentionPolicy
from db.timescale.sqltext import Relation


def retention_policies(connection: Connection) -> Mapping[Relation, RetentionPolicy]:
    """Relation → its retention policy, native or the toolkit's own."""
    found = {
        **own_policies(connection, "retention"),
        **native_policies(connection, "policy_retention"),
    }
    return {
        key: RetentionPolicy(
            relation=str(key),
            drop_after=as_timedelta(connection, policy.config["drop_after"]),
            schedule_interval=policy.schedule_interval or timedelta(days=1),
        )
        for key, policy in found.items()
        if "drop_after" in policy.config
    }
