"""Writing second factors of users. What is taken is taken once, whichever hosts ask at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from db.watched import named_text


def begin_factor(connection: Connection, name: str, secret: str) -> bool:
    """Keep a sealed secret that does not count yet; False where the user has one that does."""
    return _does(connection, "begin", {"name": name, "secret": secret})


def confirm_factor(
    connection: Connection, name: str, secret: str, step: int, recovery: Sequence[str]
) -> bool:
    """Let that secret count from now on, its code of `step` used; False where it is another."""
    binds = {"name": name, "secret": secret, "step": step, "recovery": list(recovery)}
    return _does(connection, "confirm", binds)


def take_code(connection: Connection, name: str, secret: str, step: int) -> bool:
    """Use up the codes up to `step`; False where that step was used before."""
    return _does(connection, "take_code", {"name": name, "secret": secret, "step": step})


def take_recovery_code(connection: Connection, name: str, number: int, code_hash: str) -> bool:
    """Use up the recovery code of a number from 1 on; False where it was used before."""
    binds = {"name": name, "number": number, "code_hash": code_hash}
    return _does(connection, "take_recovery_code", binds)


def drop_factor(connection: Connection, name: str) -> bool:
    """Take a user's second factor away; False where there is none."""
    return _does(connection, "drop", {"name": name})


def _does(connection: Connection, name: str, binds: dict[str, Any]) -> bool:
    return connection.execute(named_text("db.ingest", "second_factors", name), binds).rowcount == 1
