"""What each command needs of the role that runs it, checked before anything is changed.

The rights stand in rights.sql, one query each, with the statement that grants what is missing;
docs/dba.md shows the same table to a person.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from db.errors import OIError
from db.timescale.sqltext import named_statements

NEEDS: Mapping[str, Sequence[str]] = {
    "migrate": ("owns_tables", "owns_database", "makes_schemas", "makes_tables", "makes_temporary"),
    "convert": ("owns_tables", "makes_schemas", "makes_temporary"),
    "archive": ("owns_tables", "uses_schemas", "reads_tables"),
    "maintain": ("owns_tables", "uses_schemas", "reads_tables"),
    "import": ("uses_schemas", "writes_tables"),
    "status": ("uses_schemas", "reads_tables"),
}


class MissingRightsError(OIError):
    """The role may not do what a command does; nothing was changed."""

    def __init__(self, command: str, role: str, missing: Mapping[str, str]) -> None:
        self.missing = dict(missing)
        lines = "".join(f"\n  {statement};  -- {what}" for what, statement in missing.items())
        super().__init__(
            f"The role {role} lacks rights that `{command}` needs; nothing was changed. "
            f"Let their owner run:{lines}"
        )


def missing_rights(connection: Connection, command: str) -> dict[str, str]:
    """What the role lacks for a command → the statement that grants it."""
    statements = named_statements("db", "rights.sql")
    return {
        row.missing: row.statement
        for need in NEEDS[command]
        for row in connection.execute(text(statements[need]))
    }


def require(connection: Connection, command: str) -> None:
    """Raises MissingRightsError, which names each missing right with its GRANT."""
    missing = missing_rights(connection, command)
    role = connection.execute(text("SELECT current_user AS role")).scalar_one()
    connection.rollback()
    if missing:
        raise MissingRightsError(command, role, missing)
