"""Who may sign in, and the sessions that are open."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from db.queries.statements import fetch, fetch_one


class UserRow(NamedTuple):
    """What is known of a name; all but `has_users` is None where nobody has it."""

    has_users: bool
    password_hash: str | None
    role: str | None
    disabled: bool | None


class FactorRow(NamedTuple):
    """A user's second factor; `recovery` are hashes by number, None for one that is used."""

    secret: str
    is_confirmed: bool
    last_step: int
    recovery: Sequence[str | None]


class ListedUser(NamedTuple):
    """A user as an operator sees them."""

    name: str
    role: str
    disabled: bool
    created_at: datetime
    sessions: int
    has_factor: bool


class SessionRow(NamedTuple):
    """A session within its limits; its user's columns are None where the user is no row."""

    username: str
    proof: str
    password_hash: str | None
    role: str | None
    disabled: bool | None
    has_users: bool
    has_factor: bool
    is_stale: bool


class ListedSession(NamedTuple):
    """A session as an operator sees it."""

    username: str
    address: str | None
    opened_at: datetime
    seen_at: datetime


def user_named(connection: Connection, name: str) -> UserRow:
    """What is known of a name, and whether there are users at all."""
    found = fetch_one(connection, UserRow, "people", "user_named", username=name)
    return found or UserRow(False, None, None, None)


def second_factor(connection: Connection, name: str) -> FactorRow | None:
    """What a user has set up, or has begun to; None where that is nothing."""
    return fetch_one(connection, FactorRow, "people", "second_factor", username=name)


def users(connection: Connection) -> tuple[ListedUser, ...]:
    """All users by name."""
    return fetch(connection, ListedUser, "people", "users")


def session_of(
    connection: Connection, digest: str, *, idle_s: float, lifetime_s: float, touch_s: float
) -> SessionRow | None:
    """A session that is within both limits; `is_stale` when it was last seen `touch_s` ago."""
    binds = {"digest": digest, "idle_s": idle_s, "lifetime_s": lifetime_s, "touch_s": touch_s}
    return fetch_one(connection, SessionRow, "people", "session_of", **binds)


def open_sessions(
    connection: Connection, *, idle_s: float, lifetime_s: float
) -> tuple[ListedSession, ...]:
    """All sessions within both limits, by user."""
    binds = {"idle_s": idle_s, "lifetime_s": lifetime_s}
    return fetch(connection, ListedSession, "people", "open_sessions", **binds)
