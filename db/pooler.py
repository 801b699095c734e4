"""Connections through a pooler that lends a server's session for one transaction at a time.

Nothing of a session outlives its transaction there: no start-up option arrives, and a prepared
statement may be asked for where it was never made. So what a session of ours holds is set anew in
each transaction, and readers use transactions too (https://www.pgbouncer.org/features.html).
"""

from collections.abc import Mapping
from typing import Any

from psycopg import IsolationLevel
from sqlalchemy import Connection, Engine, event

from db.driver import driver_cursor

PARAMETERS: Mapping[str, Any] = {"prepare_threshold": None}
"""What psycopg is told beside the address."""

_SET = """
SELECT count(set_config(wanted.name, wanted.value, true)) AS settings
FROM unnest(%s::text[], %s::text[]) AS wanted (name, value)
"""
# what BEGIN itself says
_OF_TRANSACTIONS = ("default_transaction_read_only", "default_transaction_isolation")


def set_in_each_transaction(
    engine: Engine, settings: Mapping[str, str], *, read_only: bool
) -> None:
    """Let each transaction of `engine` begin with these settings."""
    wanted = {name: value for name, value in settings.items() if name not in _OF_TRANSACTIONS}
    names, values = list(wanted), list(wanted.values())

    @event.listens_for(engine, "connect")
    def connect(link: Any, _record: Any) -> None:
        link.read_only = read_only
        link.isolation_level = IsolationLevel.READ_COMMITTED

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        with driver_cursor(connection) as cursor:
            cursor.execute(_SET, (names, values))
