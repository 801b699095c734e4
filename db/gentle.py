"""Session settings of work that goes through whole tables while others use the server."""

from collections.abc import Mapping
from typing import Any

import psycopg

GENTLE: Mapping[str, str] = {
    # what it writes goes to disk as it goes: gathered in the system's cache, it would make everyone
    # who writes a page wait once the cache is full of it
    # https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-BACKEND-FLUSH-AFTER
    "backend_flush_after": "2MB",
}

_LIMITS_TRANSACTIONS = 17_00_00


def options(settings: Mapping[str, str], given: str = "") -> str:
    """Settings as libpq's `options` has them; what was given wins."""
    return " ".join([*(f"-c {name}={value}" for name, value in settings.items()), given]).strip()


def lift_limit(link: psycopg.Connection[Any]) -> None:
    """Let a transaction of a session take as long as it needs, whatever the role's default.

    Servers before 17 know no such limit, and would refuse it among the options of a session.
    """
    if link.info.server_version >= _LIMITS_TRANSACTIONS:
        link.execute("SET transaction_timeout = 0")
        link.commit()
