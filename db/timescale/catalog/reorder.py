"""Reorder policies as the database holds them."""

from collections.abc import Mapping

from sqlalchemy import Connection

from db.timescale.catalog.policy import native_policies, skipped_policies
from db.timescale.sqltext import Relation


def reorder_policies(connection: Connection) -> Mapping[Relation, str]:
    """Relation → the index its policy follows, or would follow on the other edition."""
    running = {
        key: found.config["index_name"]
        for key, found in native_policies(connection, "policy_reorder").items()
    }
    skipped = {
        key: found.config["index"]
        for key, found in skipped_policies(connection, "reorder_policy").items()
    }
    return {**skipped, **running}
