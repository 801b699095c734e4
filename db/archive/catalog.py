"""Archives as the database holds them: the policy, both sides, their chunks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql
from sqlalchemy import URL

from db.archive.errors import ArchiveError
from db.convert import facts
from db.convert.session import Connection, Row, one
from db.convert.session import connect as connect_with
from db.gentle import GENTLE, SETTLED
from db.timescale.sqltext import named_statements

_SETTINGS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_read_only": "off",
    "client_connection_check_interval": "2s",
    **SETTLED,
    # spans are constants when a statement is planned, so that other chunks stay closed
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    **GENTLE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """One archived table. `target`, `archive_table` and `history_view` are quoted names.

    `job_id` is None where the toolkit runs the policy itself.
    """

    target: str
    archive_table: str
    history_view: str
    archive_after: str
    schedule_interval: str
    next_run: datetime | None
    last_run: datetime | None
    last_status: str | None
    last_error: str | None
    job_id: int | None
    config: dict[str, Any]
    time_column: str
    time_type: str
    chunk_interval: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """The chunks of one side of an archive; times are those of their borders."""

    chunks: int
    estimated_rows: int
    size_bytes: int
    oldest: datetime | None
    newest: datetime | None


def connect(url: URL) -> Connection:
    """A connection with the database's own time zone: naive market time is compared in it."""
    return connect_with(url, application_name="oi archive", settings=_SETTINGS)


def statement(name: str) -> bytes:
    """One named statement of archive.sql."""
    return named_statements("db.archive", "archive.sql")[name].encode()


def rows(connection: Connection, name: str, /, **parameters: object) -> list[Row]:
    """The rows of one named statement."""
    return connection.execute(statement(name), parameters).fetchall()


def archives(connection: Connection) -> list[Archive]:
    """Every archived table of a database."""
    if not rows(connection, "has_engine")[0]["there"]:
        return []
    return [_archive(connection, row) for row in rows(connection, "policies")]


def archive_of(connection: Connection, table: str) -> Archive:
    """The archive of a table; raises ArchiveError where there is none."""
    wanted = facts.find(connection, table)
    for found in archives(connection):
        if wanted is not None and wanted == facts.find(connection, found.target):
            return found
    raise ArchiveError(f"{table} has no archive policy; declare one and run alembic upgrade head.")


def side(connection: Connection, table: str) -> Side:
    """What lies in a hypertable; nothing where it is not made yet."""
    there = connection.execute("SELECT to_regclass(%s) IS NOT NULL AS there", [table]).fetchone()
    if there is None or not there["there"]:
        return Side(chunks=0, estimated_rows=0, size_bytes=0, oldest=None, newest=None)
    chunks = rows(connection, "chunks", table=table)
    size = connection.execute("SELECT hypertable_size(%s::REGCLASS) AS bytes", [table]).fetchone()
    return Side(
        chunks=len(chunks),
        estimated_rows=sum(chunk["estimated_rows"] for chunk in chunks),
        size_bytes=int((size or {}).get("bytes") or 0),
        oldest=chunks[0]["range_start"] if chunks else None,
        newest=chunks[-1]["range_end"] if chunks else None,
    )


def holds(connection: Connection, archive: Archive, start: datetime, end: datetime) -> bool:
    """Whether any row of [start, end) is archived."""
    if not one(connection, "SELECT to_regclass(%s) AS there", [archive.archive_table])["there"]:
        return False
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {time} >= %s AND {time} < %s) AS any_row")
    filled = query.format(relation(archive.archive_table), time=sql.Identifier(archive.time_column))
    return bool(one(connection, filled, [start, end])["any_row"])


def relation(name: str) -> sql.SQL:
    """A relation whose name is quoted already, as the catalog gives it."""
    return sql.SQL(name)


def _archive(connection: Connection, row: Row) -> Archive:
    config = row["config"]
    time = rows(connection, "time_column", table=row["target"])[0]
    return Archive(
        target=row["target"],
        archive_table=config["archive_table"],
        history_view=config["history_view"],
        archive_after=config["archive_after"],
        schedule_interval=row["schedule_interval"],
        next_run=row["next_run"],
        last_run=row["last_run"],
        last_status=row["last_status"],
        last_error=row["last_error"],
        job_id=row["job_id"],
        config=config,
        time_column=time["name"],
        time_type=time["type"],
        chunk_interval=time["chunk_interval"],
    )
