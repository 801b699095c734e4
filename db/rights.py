"""What each command needs of the role that runs it, checked before anything is changed.

The rights stand in rights.sql, one query each, with the statement that grants what is missing;
docs/dba.md shows the same table to a person.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import URL, Connection, text

from db.engine import single_engine
from db.errors import OIError
from db.timescale.sqltext import named_statements

NEEDS: Mapping[str, Sequence[str]] = {
    "migrate": ("owns_tables", "owns_database", "makes_schemas", "makes_tables", "makes_temporary"),
    "convert": ("owns_table", "makes_schemas"),
    "archive": ("owns_table", "owns_engine"),
    "maintain": ("owns_engine",),
    "import": ("uses_schemas", "writes_tables", "owns_engine", "makes_temporary"),
    "status": ("uses_schemas", "reads_tables", "reads_aggregates"),
}
_ONLY_READS = ("status",)
_IS_STANDBY = text("SELECT pg_is_in_recovery() AS is_standby")


STANDBY = "The server is a standby; run this on its primary."


class StandbyError(OIError):
    """The server takes no writes, whoever asks; nothing was changed."""


class MissingRightsError(OIError):
    """The role may not do what a command does; nothing was changed."""

    def __init__(self, command: str, role: str, missing: Mapping[str, str]) -> None:
        self.missing = dict(missing)
        lines = "".join(f"\n  {statement};  -- {what}" for what, statement in missing.items())
        super().__init__(
            f"The role {role} lacks rights that `{command}` needs; nothing was changed. "
            f"Let their owner run:{lines}"
        )


def missing_rights(
    connection: Connection, command: str, table: str | None = None
) -> dict[str, str]:
    """What the role lacks for a command, on one `table` or at all → what grants it."""
    statements = named_statements("db", "rights.sql")
    found: dict[str, str] = {}
    for need in NEEDS[command]:
        if need == "reads_aggregates" and not _has_aggregates(connection):
            continue
        values = {"table": table} if need == "owns_table" else {}
        for row in connection.execute(text(statements[need]), values):
            found[row.missing] = row.statement
    return found


def require(connection: Connection, command: str, table: str | None = None) -> None:
    """Raises MissingRightsError, which names each missing right with its GRANT.

    On a standby, where nobody may change anything, raises StandbyError.
    """
    if command not in _ONLY_READS and connection.execute(_IS_STANDBY).scalar_one():
        raise StandbyError(STANDBY)
    missing = missing_rights(connection, command, table)
    role = connection.execute(text("SELECT current_user AS role")).scalar_one()
    connection.rollback()
    if missing:
        raise MissingRightsError(command, role, missing)


def require_at(url: URL, command: str, table: str | None = None) -> None:
    """The same over a connection of its own."""
    with single_engine(url).connect() as connection:
        require(connection, command, table)


def _has_aggregates(connection: Connection) -> bool:
    there = text("SELECT to_regclass('_timescaledb_catalog.continuous_agg') IS NOT NULL AS there")
    return bool(connection.execute(there).scalar_one())
