"""Migrations from inside the program: run them, and tell whether they have been run."""

from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import NotMigratedError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import URL, Connection

_ROOT = Path(__file__).resolve().parents[1]


def alembic_config(url: "URL") -> "Config":
    """The project's Alembic configuration, aimed at one database."""
    from alembic.config import Config

    config = Config(_ROOT / "alembic.ini")
    config.attributes.update(url=url, raise_own_errors=True, configure_logger=False)
    return config


def upgrade(url: "URL", revision: str = "head") -> None:
    """Migrate a database up to a revision, the newest by default."""
    from alembic import command

    command.upgrade(alembic_config(url), revision)


def downgrade(url: "URL", revision: str) -> None:
    """Migrate a database back to an older revision."""
    from alembic import command

    command.downgrade(alembic_config(url), revision)


def require_head(connection: "Connection") -> None:
    """Raise NotMigratedError where the database is not at the newest revision."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(alembic_config(connection.engine.url))
    wanted = set(script.get_heads())
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found != wanted:
        here = ", ".join(sorted(found)) or "empty"
        raise NotMigratedError(
            f"The database is at revision {here}, this program reads "
            f"{', '.join(sorted(wanted))}: run `alembic upgrade head`."
        )
