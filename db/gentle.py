"""Settings of our sessions: what no default of a role or database may change, and gentle ones.

Gentle are those of work that goes through whole tables while others use the server.
"""

import os
from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy import URL

# times and intervals come as text too, and the driver reads one style of each
_READ: Mapping[str, str] = {"DateStyle": "ISO", "IntervalStyle": "postgres"}
SETTLED: Mapping[str, str] = {
    "default_transaction_isolation": "read committed",
    **_READ,
    # what bears a name of ours in another schema is somebody else's
    "search_path": "public",
    "lock_timeout": "0",
    "idle_session_timeout": "0",
}
"""What every session is told, whatever its role's or the database's defaults are."""

GENTLE: Mapping[str, str] = {
    # what it writes goes to disk as it goes: gathered in the system's cache, it would make everyone
    # who writes a page wait once the cache is full of it
    # https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-BACKEND-FLUSH-AFTER
    "backend_flush_after": "2MB",
}

_LIMITS_TRANSACTIONS = 17_00_00


def options(settings: Mapping[str, str], given: str = "") -> str:
    """Settings as libpq's `options` has them; what was given wins, but over what the driver reads.

    Whoever has PGOPTIONS for psql may like dates of another style there.
    """
    if not given:
        return _told(settings)
    read = {**_READ, "client_encoding": "UTF8"}
    return f"{_told(settings)} {given} {_told(read)}".strip()


def _told(settings: Mapping[str, str]) -> str:
    told = (f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in settings.items())
    return " ".join(told)


def given(url: URL) -> str:
    """What the address, or else the environment, asks for itself, as `?options=-c role=owner`."""
    asked = url.query.get("options") or os.environ.get("PGOPTIONS") or ""
    return asked if isinstance(asked, str) else " ".join(asked)


def lift_limit(link: psycopg.Connection[Any]) -> None:
    """Let a transaction of a session take as long as it needs, whatever the role's default.

    Servers before 17 know no such limit, and would refuse it among the options of a session.
    """
    if link.info.server_version >= _LIMITS_TRANSACTIONS:
        link.execute("SET transaction_timeout = 0")
        link.commit()
