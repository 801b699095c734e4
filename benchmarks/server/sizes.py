"""What a server reports about itself: WAL written, sizes, rows."""

from benchmarks.server.databases import Session

_COLUMNSTORE_ENABLED = """
    SELECT compression_enabled
    FROM timescaledb_information.hypertables
    WHERE hypertable_schema = 'public' AND hypertable_name = 'option_chain_snapshots'
"""
_COLUMNSTORE_TIMES = """
    SELECT before_compression_total_bytes / nullif(after_compression_total_bytes, 0)::float8
    FROM hypertable_compression_stats('option_chain_snapshots')
"""


def wal_position(session: Session) -> int:
    """Bytes of WAL the server has written; everything else on the server counts too."""
    return number(session, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")


def database_bytes(session: Session) -> int:
    """The size of the session's database."""
    return number(session, "SELECT pg_database_size(current_database())")


def chain_rows(session: Session) -> int:
    """Rows of option_chain_snapshots."""
    return number(session, "SELECT count(*) FROM option_chain_snapshots")


def number(session: Session, query: str) -> int:
    """The one number a query returns."""
    row = session.execute(query).fetchone()
    return int(row[0]) if row else 0


def columnstore_times(session: Session) -> float | None:
    """How many times smaller the chain's closed days are in the columnstore; None without one."""
    enabled = session.execute(_COLUMNSTORE_ENABLED).fetchone()
    if enabled != (True,):
        return None
    row = session.execute(_COLUMNSTORE_TIMES).fetchone()
    return None if row is None or row[0] is None else float(row[0])
