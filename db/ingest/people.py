"""Writing who may sign in, and the sessions that are open."""

from typing import Any

from sqlalchemy import Connection

from db.watched import named_text


def add_user(connection: Connection, name: str, password_hash: str, role: str) -> bool:
    """Keep a user; False when the name is taken."""
    binds = {"name": name, "password_hash": password_hash, "role": role}
    return _count(connection, "add_user", binds) == 1


def change_password(connection: Connection, name: str, password_hash: str) -> bool:
    """Give a user another password, which ends their sessions; False when nobody has the name."""
    binds = {"name": name, "password_hash": password_hash}
    if not _count(connection, "change_password", binds):
        return False
    end_sessions(connection, name)
    return True


def change_disabled(connection: Connection, name: str, *, disabled: bool) -> bool:
    """Let a user in no more, or again; False when nobody has the name."""
    if not _count(connection, "change_disabled", {"name": name, "disabled": disabled}):
        return False
    if disabled:
        end_sessions(connection, name)
    return True


def add_session(
    connection: Connection, digest: str, username: str, proof: str, address: str | None
) -> None:
    """Keep a session that begins now."""
    binds = {"digest": digest, "username": username, "proof": proof, "address": address}
    _count(connection, "add_session", binds)


def touch_session(connection: Connection, digest: str) -> None:
    """Somebody was seen in a session now."""
    _count(connection, "touch_session", {"digest": digest})


def end_session(connection: Connection, digest: str) -> None:
    """Forget a session."""
    _count(connection, "end_session", {"digest": digest})


def end_sessions(connection: Connection, username: str | None) -> int:
    """Forget all sessions of a user, or (None) of everybody; how many there were."""
    if username is None:
        return _count(connection, "end_every_session", {})
    return _count(connection, "end_sessions", {"username": username})


def sweep_sessions(connection: Connection, *, idle_s: float, lifetime_s: float) -> None:
    """Forget the sessions that are over."""
    _count(connection, "sweep_sessions", {"idle_s": idle_s, "lifetime_s": lifetime_s})


def _count(connection: Connection, name: str, binds: dict[str, Any]) -> int:
    return connection.execute(named_text("db.ingest", "people", name), binds).rowcount
