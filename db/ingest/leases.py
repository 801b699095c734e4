"""Leadership in the database: who may write an exchange key, and what its feed is at."""

from sqlalchemy import Connection, TextClause, text

from db.errors import OIError
from db.timescale.sqltext import named_statements

LEASE_S = 4.0
"""Seconds after which a lease that was not renewed may change hands."""


class LeaseLostError(OIError):
    """Another collector writes this exchange key now."""


def acquire(
    connection: Connection, exchange: str, holder: str, lease_s: float = LEASE_S
) -> int | None:
    """Take or renew a lease; the term it is held for, or None while another one holds it."""
    binds = {"exchange": exchange, "holder": holder, "lease_s": lease_s}
    term: int | None = connection.scalar(_statement("acquire"), binds)
    return term


def guard(connection: Connection, exchange: str, holder: str, term: int) -> None:
    """Keep the lease from changing hands until this transaction ends.

    Raises LeaseLostError when it has already: what the transaction wrote must not be kept.
    """
    binds = {"exchange": exchange, "holder": holder, "term": term}
    if connection.scalar(_statement("guard"), binds) is None:
        raise LeaseLostError(f"Another collector writes {exchange} now; this one stands by.")


def release(connection: Connection, exchange: str, holder: str) -> None:
    """Let go of a lease, so that a standby need not wait for its end."""
    connection.execute(_statement("release"), {"exchange": exchange, "holder": holder})


def set_feed_state(connection: Connection, exchange: str, state: str, sentence: str | None) -> None:
    """Tell what the feed of an exchange key is at; who follows hears of it on commit."""
    connection.execute(
        _statement("set_feed_state"), {"exchange": exchange, "state": state, "sentence": sentence}
    )
    connection.execute(_statement("announce"), {"payload": f"{exchange}:feed"})


def _statement(name: str) -> TextClause:
    return text(named_statements("db.ingest", "leases.sql")[name])
