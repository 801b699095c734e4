"""Migrations as library calls over Alembic, and the check that a database is migrated."""

from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, text

from db.engine import single_engine
from db.errors import ExtensionMissingError, NotMigratedError
from db.revision_files import ALEMBIC_HOME, newest_revisions

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory


def upgrade(url: URL, revision: str = "head") -> None:
    """Migrate a database up to `revision`; raises OIError or TimescaleError, in one sentence."""
    from alembic import command

    command.upgrade(configuration(url), revision)


def downgrade(url: URL, revision: str) -> None:
    """Migrate a database down to `revision` ("base" for all of it), with every row kept."""
    from alembic import command

    command.downgrade(configuration(url), revision)


def current(url: URL) -> str | None:
    """The revision a database is at; None for one that carries none."""
    with single_engine(url).connect() as connection:
        return current_revision(connection)


def heads() -> tuple[str, ...]:
    """The newest revisions of this program; one, as long as nobody branches."""
    return tuple(newest_revisions())


def revisions() -> tuple[str, ...]:
    """All revisions, oldest first."""
    walked = [script.revision for script in _scripts().walk_revisions()]
    return tuple(reversed(walked))


def configuration(url: URL | None = None) -> "Config":
    """Alembic's configuration of this project, aimed at `url` or else at the configured database.

    The program's own errors pass through it unchanged, and its logging is left alone.
    """
    from alembic.config import Config

    config = Config(ALEMBIC_HOME / "alembic.ini")
    config.attributes.update(url=url, raise_own_errors=True, configure_logger=False)
    return config


def current_revision(connection: Connection) -> str | None:
    """The revision of the database behind a connection."""
    known = connection.scalar(text("SELECT to_regclass('public.alembic_version') AS known"))
    if known is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM public.alembic_version"))
    return revision


def require_head(connection: Connection) -> None:
    """Raise unless the database holds the schema that this program reads.

    ExtensionMissingError without TimescaleDB, NotMigratedError for another revision,
    DatabaseUnavailableError when it does not answer.
    """
    if not connection.scalar(
        text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS known")
    ):
        raise ExtensionMissingError(
            "The database lacks the timescaledb extension: install TimescaleDB on its server, run "
            "CREATE EXTENSION timescaledb in the database, then alembic upgrade head."
        )
    found = current_revision(connection)
    wanted = heads()
    if found not in wanted:
        raise NotMigratedError(
            f"The database is at {found or 'no revision'}, this program needs "
            f"{', '.join(wanted)}: run alembic upgrade head."
        )


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(configuration())
