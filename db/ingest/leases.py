"""Leadership in the database: who may write an exchange key, and what its feed is at."""

from sqlalchemy import Connection, TextClause

from db.errors import OIError
from db.watched import named_text

LEASE_S = 4.0
"""Seconds after which a lease that was not renewed may change hands."""


class LeaseLostError(OIError):
    """Another collector writes this exchange key now."""

    def __init__(self, exchange: str) -> None:
        super().__init__(f"Another collector writes {exchange} now; this one stands by.")
        self.exchange = exchange


def acquire(
    connection: Connection, exchange: str, holder: str, lease_s: float = LEASE_S
) -> int | None:
    """Take or renew a lease; the term it is held for, or None while another one holds it."""
    binds = {"exchange": exchange, "holder": holder}
    term: int | None = connection.scalar(_statement("renew"), binds)
    if term is None:
        term = connection.scalar(_statement("take"), {**binds, "lease_s": lease_s})
    return term


def guard(connection: Connection, exchange: str, holder: str, term: int) -> None:
    """Keep the lease from changing hands until this transaction ends.

    Raises LeaseLostError when it has already: what the transaction wrote must not be kept. A
    transaction that then stands idle for five seconds is ended by the server.
    """
    binds = {"exchange": exchange, "holder": holder, "term": term}
    if connection.scalar(_statement("guard"), binds) is None:
        raise LeaseLostError(exchange)


def exclude(connection: Connection, exchange: str) -> bool:
    """Keep the holder of a lease from writing until this transaction ends; False if it does now."""
    return connection.scalar(_statement("exclude"), {"exchange": exchange}) is not None


def leader(connection: Connection, exchange: str, lease_s: float = LEASE_S) -> str | None:
    """Who holds the lease, if it is fresh."""
    binds = {"exchange": exchange, "lease_s": lease_s}
    holder: str | None = connection.scalar(_statement("leader"), binds)
    return holder


def release(connection: Connection, exchange: str, holder: str) -> None:
    """Let go of a lease, so that a standby need not wait for its end."""
    connection.execute(_statement("release"), {"exchange": exchange, "holder": holder})


def set_feed_state(
    connection: Connection, exchange: str, state: str, sentence: str | None, holder: str = ""
) -> None:
    """Tell what the feed of an exchange key is at; who follows hears of it on commit.

    Does nothing while another than `holder` leads the key.
    """
    binds = {"exchange": exchange, "state": state, "sentence": sentence, "holder": holder}
    told = connection.scalar(_statement("set_feed_state"), {**binds, "lease_s": LEASE_S})
    if told is not None:
        connection.execute(_statement("announce"), {"payload": f"{exchange}:feed"})


def _statement(name: str) -> TextClause:
    return named_text("db.ingest", "leases", name)
