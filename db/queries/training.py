"""Models that were trained."""

from typing import NamedTuple

from sqlalchemy import Connection

from db.queries.statements import fetch_one


class _Tries(NamedTuple):
    tries: int


def tries(connection: Connection, exchange: str) -> int:
    """How many models were trained for an exchange key so far."""
    found = fetch_one(connection, _Tries, "training", "tries", exchange=exchange)
    return 0 if found is None else found.tries
