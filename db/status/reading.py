"""One reading of everything the status shows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine, text

from db import migrate, writeback
from db.archive import catalog as archives
from db.convert.reporting import Report, report
from db.declaration import Comparison, compare
from db.engine import fetching
from db.rights import require
from db.roles.granting import missing_rights, missing_roles
from db.timescale import preflight
from db.timescale.editions import read_server
from db.timescale.far_times import far_times
from db.timescale.sqltext import named_statements

Values = dict[str, Any]
_EDITIONS = {"apache": "Apache", "timescale": "Community"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read; each list holds one mapping a thing, keyed as in status.sql.

    Times are aware unless they are a table's own; sizes are bytes. `writeback` is a sentence where
    the server's system gathers much before it writes. `known_revisions` are those of this program,
    oldest first; `differences` are None where the database was not compared, for `not_compared`.
    `missing_roles` and `missing_rights` are statements that bring them.
    """

    server: Values
    revisions: list[str]
    known_revisions: list[str]
    differences: list[str] | None
    not_compared: str | None
    missing_roles: list[str]
    missing_rights: list[str]
    faults: list[str]
    settings: dict[str, Values]
    hypertables: list[Values]
    rollups: list[Values]
    policies: list[Values]
    archives: list[Values]
    conversions: list[Report]
    skipped: list[Values]
    publications: list[Values]
    superseded: list[Values]
    subscribed: list[Values]
    empty_sparse_indexes: list[str]
    secured_sources: list[Values]
    invalid_indexes: list[str]
    writeback: str | None


def read(engine: Engine) -> Reading:
    """The state of one database now; what a part of the schema lacks is empty."""
    with engine.connect() as connection, far_times(connection):
        require(connection, "status")
        connection.execute(text("SET TRANSACTION READ ONLY"))
        server = _server(connection)
        has_extension = server["timescaledb_version"] is not None
        has_engine = server["has_engine"]
        revisions = server.pop("revisions")
        comparison = _comparison(engine.url, revisions) if has_extension else None
        return Reading(
            server=server,
            revisions=revisions,
            known_revisions=list(migrate.revisions()),
            differences=None if comparison is None else list(comparison.differences),
            not_compared=None if comparison is None else comparison.refusal,
            missing_roles=missing_roles(connection) if comparison is not None else [],
            missing_rights=missing_rights(connection) if comparison is not None else [],
            faults=preflight.warnings(read_server(connection)) if has_extension else [],
            settings={row["name"]: row for row in _rows(connection, "settings")},
            hypertables=_hypertables(connection) if has_extension else [],
            rollups=_rows(connection, "rollups") if has_engine else [],
            policies=_policies(connection, has_extension, has_engine),
            archives=_archives(engine.url) if has_engine else [],
            conversions=report(engine.url) if server["has_conversions"] else [],
            skipped=_rows(connection, "skipped") if has_engine else [],
            publications=_rows(connection, "publications") if has_extension else [],
            subscribed=_rows(connection, "subscribed") if has_extension else [],
            empty_sparse_indexes=[
                row["name"]
                for row in (_rows(connection, "empty_sparse_indexes") if has_extension else ())
            ],
            secured_sources=_rows(connection, "secured_sources") if has_engine else [],
            superseded=_rows(connection, "superseded") if server["has_superseded"] else [],
            invalid_indexes=[row["name"] for row in _rows(connection, "invalid_indexes")],
            writeback=_writeback(connection),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a database does by itself, and what is done to it; lists as in a Reading."""

    rollups: list[Values]
    policies: list[Values]
    conversions: list[Report]


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """What a database holds; as in a Reading."""

    server: Values
    hypertables: list[Values]
    archives: list[Values]


def work(connection: Connection, url: URL) -> Work:
    """Refreshes, jobs and conversions now: a few small reads."""
    there = _server(connection)
    has_extension, has_engine = there["timescaledb_version"] is not None, there["has_engine"]
    return Work(
        rollups=_rows(connection, "rollups") if has_engine else [],
        policies=_policies(connection, has_extension, has_engine),
        conversions=report(url) if there["has_conversions"] else [],
    )


def storage(connection: Connection, url: URL) -> Storage:
    """Sizes now: as much work as there are chunks."""
    there = _server(connection)
    return Storage(
        server=there,
        hypertables=_hypertables(connection) if there["timescaledb_version"] is not None else [],
        archives=_archives(url) if there["has_engine"] else [],
    )


def _rows(connection: Connection, name: str, /, **binds: object) -> list[Values]:
    statement = named_statements("db.status", "status.sql")[name]
    return [dict(row) for row in connection.execute(text(statement), binds).mappings()]


def _writeback(connection: Connection) -> str | None:
    """What to say of how much the server's system gathers before it writes."""
    return writeback.advice(writeback.settings(fetching(connection)))


def _server(connection: Connection) -> Values:
    server = _rows(connection, "server")[0]
    license_ = server.pop("license")
    rows = _rows(connection, "revision") if server.pop("has_revision") else []
    revisions = [row["revision"] for row in rows]
    return {
        **server,
        "edition": _EDITIONS.get(license_) if server["timescaledb_version"] else None,
        "revision": ", ".join(revisions) or None,
        "revisions": revisions,
        "time_zone": _rows(connection, "database_time_zone")[0]["time_zone"],
    }


def _comparison(url: URL, revisions: list[str]) -> Comparison | None:
    """What differs from the declaration; None at another revision, which is a difference itself."""
    if tuple(revisions) != migrate.heads():
        return None
    return compare(url)


def _hypertables(connection: Connection) -> list[Values]:
    found = _rows(connection, "hypertables")
    for hypertable in found:
        hypertable["columnstore_ratio"] = None
        if hypertable["has_columnstore"]:
            (stored,) = _rows(connection, "columnstore", name=hypertable["name"]) or ({},)
            hypertable["columnstore_chunks"] = stored.get("chunks")
            if stored.get("after_bytes"):
                ratio = stored["before_bytes"] / stored["after_bytes"]
                hypertable["columnstore_ratio"] = round(ratio, 2)
    return found


def _policies(connection: Connection, has_extension: bool, has_engine: bool) -> list[Values]:
    own = _rows(connection, "own_policies") if has_engine else []
    native = _rows(connection, "native_policies") if has_extension else []
    return [{**policy, "run_by": "toolkit"} for policy in own] + [
        {**policy, "run_by": "TimescaleDB"} for policy in native
    ]


def _archives(url: URL) -> list[Values]:
    with archives.connect(url) as connection:
        return [
            {
                "table": archive.target,
                "archive_table": archive.archive_table,
                "history_view": archive.history_view,
                "archive_after": archive.archive_after,
                "hot_chunks": archives.side(connection, archive.target).chunks,
                "archived_chunks": archives.side(connection, archive.archive_table).chunks,
                "archived_bytes": archives.side(connection, archive.archive_table).size_bytes,
            }
            for archive in archives.archives(connection)
        ]
