"""Which policies rest, whoever runs them."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from db.timescale.catalog.engine import engine_version
from db.timescale.sqltext import named_statements

Paused = tuple[str, str]


def paused_policies(connection: Connection) -> Sequence[Paused]:
    """(kind, quoted schema.name) of every policy that is paused."""
    statements = named_statements("db.timescale.sql", "pausing.sql")
    rows = list(connection.execute(text(statements["jobs"])))
    if engine_version(connection) is not None:
        rows += connection.execute(text(statements["policies"]))
    return [(row.kind, row.target) for row in rows if row.is_paused]
