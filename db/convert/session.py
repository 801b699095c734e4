"""Connections of the conversion, and transactions that never queue for a lock for long."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import URL, make_url

from db import links
from db.convert.errors import BlockedError, BusyError
from db.errors import ExtensionMissingError
from db.gentle import GENTLE, SETTLED, given, lift_limit, options
from db.timescale import far_times, locks
from db.timescale.sqltext import named_statements
from db.writeback import Fetch

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
T = TypeVar("T")

LOCK_TIMEOUT_MS = 20
LOCK_PATIENCE_S = 600.0
_CONTROL_LOCK = 0x6F69_6376  # first key of the advisory locks of conversions
_CONTROL_PATIENCE_S = 15.0

# the server notices within two seconds that a killed client is gone; naive times are read and
# written as they stand whatever zone the database is set to
_OPTIONS: Mapping[str, str] = {
    "client_connection_check_interval": "2s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "TimeZone": "UTC",
    # in which each statement sees what was committed before it
    **SETTLED,
    "default_transaction_read_only": "off",
    "oi.direct": "yes",
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    "max_parallel_maintenance_workers": "0",
    "client_min_messages": "error",
    **GENTLE,
}


def connect(
    url: URL | str,
    *,
    application_name: str = "oi convert",
    settings: Mapping[str, str] = _OPTIONS,
) -> Connection:
    """A connection in autocommit mode; transactions are opened explicitly."""
    address = make_url(url)
    connection = links.connect(
        address,
        application_name=application_name,
        options=f"{given(address)} {options(settings)}".strip(),
        row_factory=dict_row,
        prepare_threshold=None,
    )
    lift_limit(connection)
    far_times.register(connection)
    return connection


@cache
def _schema_script() -> str:
    return files("db.convert").joinpath("schema.sql").read_text(encoding="utf-8")


def install(connection: Connection) -> None:
    """Make the schemas and tables of the conversion, unless they are there.

    Raises ExtensionMissingError where there is no TimescaleDB, BlockedError where the schemas are
    somebody else's.
    """
    require_direct(connection)
    require_extension(connection)
    with connection.transaction():
        _require_own(connection)
        connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_CONTROL_LOCK])
        connection.execute(_schema_script().encode())


def require_direct(connection: Connection) -> None:
    """Raises BlockedError where a pooler stands between that keeps start-up options to itself.

    Locks of sessions and settings would be somebody else's by the next transaction.
    """
    told = one(connection, "SELECT current_setting('oi.direct', true) AS direct")["direct"]
    if told != "yes":
        raise BlockedError(
            "A connection pooler stands between this program and the server; migrations and "
            "conversions need a direct connection: name the server itself in the database's URL."
        )


def require_extension(connection: Connection) -> None:
    """Raises ExtensionMissingError where there is no TimescaleDB."""
    there = one(connection, "SELECT to_regtype('_timescaledb_catalog.hypertable') AS t")["t"]
    if there is None:
        raise ExtensionMissingError(
            "This database has no extension timescaledb; run CREATE EXTENSION timescaledb first."
        )


def is_installed(connection: Connection) -> bool:
    """Whether any conversion was ever begun in this database."""
    # a schema of that name may be somebody else's
    row = one(
        connection,
        "SELECT EXISTS (SELECT FROM pg_attribute a "
        "WHERE a.attrelid = to_regclass('oi_convert.conversion') AND a.attname = 'blueprint'"
        ") AS there",
    )
    return bool(row["there"])


def _require_own(connection: Connection) -> None:
    query = """
        SELECT n.nspname AS name
        FROM pg_namespace n
        WHERE n.nspname IN ('oi_convert', 'oi_convert_new', 'oi_convert_old')
          AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid)
    """
    taken = connection.execute(query).fetchone()
    if taken is not None and not is_installed(connection):
        raise BlockedError(
            f"The schema {taken['name']} is there and is not the toolkit's, which needs the name; "
            "rename it."
        )


def catalog(connection: Connection, name: str, /, **parameters: object) -> list[Row]:
    """The rows of one named statement of catalog.sql."""
    statement = named_statements("db.convert", "catalog.sql")[name]
    return connection.execute(statement.encode(), parameters).fetchall()


def one(
    connection: Connection,
    query: str | sql.SQL | sql.Composed,
    parameters: Sequence[object] | Mapping[str, object] | None = None,
) -> Row:
    """The single row of a query that always has one."""
    text = query.encode() if isinstance(query, str) else query
    row = connection.execute(text, parameters).fetchone()
    if row is None:
        raise AssertionError("the query gave no row")
    return row


def fetching(connection: psycopg.Connection[Any]) -> Fetch:
    """A query's first row, for who need not know of which driver it comes."""
    cursor = connection.cursor(row_factory=dict_row)
    return lambda query: cursor.execute(query.encode()).fetchone()


def run_together(connection: Connection, statements: Iterable[sql.Composable]) -> None:
    """Statements without binds or results, sent as one: a single round trip."""
    connection.execute(sql.SQL("; ").join(statements))


@contextmanager
def controlling(connection: Connection, conversion_id: int) -> Iterator[None]:
    """Holds the conversion for this process; raises BusyError while another one does.

    A killed predecessor's session ends within seconds, so the lock is waited for a little.
    """
    deadline = time.monotonic() + _CONTROL_PATIENCE_S
    keys = [_CONTROL_LOCK, conversion_id]
    while not one(connection, "SELECT pg_try_advisory_lock(%s, %s) AS got", keys)["got"]:
        if time.monotonic() > deadline:
            raise BusyError(
                "Another run of this conversion is at work; wait for it, or follow it with "
                "`python -m db convert status`."
            )
        time.sleep(0.25)
    try:
        yield
    finally:
        if not connection.closed and not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", keys)


def with_lock(
    connection: Connection, attempt: Callable[[], T], *, patience_s: float = LOCK_PATIENCE_S
) -> T:
    """Runs `attempt` in a transaction under a short lock_timeout until it had its locks.

    Raises BusyError when the patience is over; nothing was changed then.
    """

    def once() -> T:
        with connection.transaction():
            connection.execute(
                "SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS}ms"]
            )
            _make_autovacuum_give_way(connection)
            return attempt()

    def give_up(is_over: bool) -> Exception | None:
        if not is_over:
            return None
        rows = connection.execute(locks.holders_query().encode()).fetchall()
        return BusyError(
            f"The table was never free for {LOCK_TIMEOUT_MS} ms within {patience_s:g} s; nothing "
            f"was changed. {locks.holders(row['label'] for row in rows)}, then run this again."
        )

    return locks.until_locked(once, give_up, patience_s=patience_s)


def _make_autovacuum_give_way(connection: Connection) -> None:
    """A blocked session cancels an autovacuum of the table, but only after deadlock_timeout.

    Only superusers may set it; others wait until the autovacuum is through.
    """
    with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
        connection.execute(
            "SELECT set_config('deadlock_timeout', %s, true)", [f"{LOCK_TIMEOUT_MS // 4}ms"]
        )
