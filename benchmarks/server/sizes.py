"""What a server reports about itself: WAL written, sizes, rows."""

from benchmarks.server.databases import Session


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
