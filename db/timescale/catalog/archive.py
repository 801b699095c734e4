"""Archive policies as the database holds them: jobs of TimescaleDB's, or the toolkit's records."""

from collections.abc import Mapping, Set
from datetime import timedelta

from sqlalchemy import Connection, text

from db.timescale.catalog.policy import FoundPolicy, as_timedelta, own_policies
from db.timescale.specs import ArchivePolicy
from db.timescale.sqltext import Relation, named_statements


def archive_policies(connection: Connection) -> Mapping[Relation, ArchivePolicy]:
    """Relation → its archive policy; relations are quoted as the policy has them."""
    found = {**own_policies(connection, "archive"), **_jobs(connection)}
    return {
        key: ArchivePolicy(
            table=str(key),
            archive_after=as_timedelta(connection, policy.config["archive_after"]),
            archive_table=policy.config["archive_table"],
            history_view=policy.config["history_view"],
            archive_chunk_interval=as_timedelta(
                connection, policy.config["archive_chunk_interval"]
            ),
            schedule_interval=policy.schedule_interval or timedelta(days=1),
        )
        for key, policy in found.items()
    }


def incomplete_archives(connection: Connection) -> Set[Relation]:
    """The archived tables whose archive, or the view of both sides, is gone."""
    return {
        key
        for key, policy in archive_policies(connection).items()
        if not _is_there(connection, policy.archive_table)
        or not _is_there(connection, policy.history_view)
    }


def _is_there(connection: Connection, relation: str) -> bool:
    query = text("SELECT to_regclass(:relation) IS NOT NULL AS is_there")
    return bool(connection.execute(query, {"relation": relation}).scalar_one())


def _jobs(connection: Connection) -> Mapping[Relation, FoundPolicy]:
    statement = named_statements("db.timescale.sql", "archive.sql")["read_jobs"]
    return {
        Relation(row.schema, row.name): FoundPolicy(row.config, row.schedule_interval)
        for row in connection.execute(text(statement))
    }
