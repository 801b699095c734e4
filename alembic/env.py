"""Runs the migrations: which database, which declaration, which plugin."""

import re
from collections.abc import Iterable
from logging.config import fileConfig
from typing import Any

import psycopg
from alembic import context
from alembic.operations import MigrationScript
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from db import declaration, gentle
from db.ahead import require_clear, require_way_back, with_extension
from db.baseline.steps import require_recognized
from db.baseline.tables import metadata as legacy
from db.convert.converter import OnlineConverter
from db.driver_errors import explained
from db.engine import direct_url, synced, translate_losses
from db.errors import NotMigratedError, OIError
from db.rights import require
from db.roles.granting import bring_up
from db.roles.owning import hand_over, is_handed_over
from db.schema import metadata
from db.settings import settings
from db.timescale import plugin, preflight
from db.timescale.errors import LockNotAvailableError, TimescaleError
from db.timescale.progress import notice

config = context.config
# whatever a role's or the database's defaults are
_FIXED = {
    **gentle.SETTLED,
    "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
    # a check while functions are written is for who writes them
    "plpgsql.extra_errors": "none",
    "plpgsql.extra_warnings": "none",
}
_ROLES = "0019_roles"
_GENERATED_ID = re.compile(r"^[0-9a-f]{12}$")
_NOT_A_WORD = re.compile(r"\W+")


def main() -> None:
    if config.config_file_name is not None and config.attributes.get("configure_logger", True):
        fileConfig(config.config_file_name, disable_existing_loggers=False)
    try:
        run_offline() if context.is_offline_mode() else run_online()
    except (OIError, TimescaleError) as error:
        if config.attributes.get("raise_own_errors"):
            raise
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        if config.attributes.get("raise_own_errors"):
            raise
        raise CommandError(
            "Interrupted; what was committed stays, and the same command goes on from there."
        ) from None
    except psycopg.Error as error:
        # a conversion has sessions of the driver's own
        found = explained(error)
        if found is None:
            raise
        if config.attributes.get("raise_own_errors"):
            raise found from error
        raise CommandError(str(found)) from error


def run_online() -> None:
    url = target_url()
    engine = create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "application_name": "oi-gemini-migrate",
            "client_encoding": "utf8",
            "options": session_options(url),
        },
    )
    event.listen(engine, "connect", lambda link, _record: gentle.lift_limit(link))
    translate_losses(engine)
    if not plugin.changes_database(context):
        # nothing is waited for: not for a migration that runs, nor for a lock
        with engine.connect() as connection:
            look(connection)
        return
    if has_nothing_to_take_back(engine):
        notice("This database is at no revision: there is nothing to take back; it is as it was.")
        return
    with (
        with_extension(engine),
        preflight.exclusive(engine) as server,
        synced(engine),
        engine.connect() as connection,
    ):
        require(connection, "migrate")
        for warning in preflight.warnings(server):
            notice(warning)
        configure(connection=connection)
        ahead = plugin.steps(context, connection)
        if plugin.upgrades(ahead):
            if not context.get_context().get_current_heads():
                require_recognized(connection)
            connection.rollback()
            require_clear(url, legacy, metadata, quarantines=quarantines())
        else:
            if plugin.undoes_moves(ahead):
                require_way_back(url, legacy, metadata)
            plugin.undo_unfinished(context, connection)
        plugin.run_migrations(context)
        give_rights(connection)


def has_nothing_to_take_back(engine: Engine) -> bool:
    """Whether the command goes down from no revision at all: not even the extension is made."""
    with engine.connect() as connection:
        configure(connection=connection)
        found = context.get_context().get_current_heads()
        try:
            ahead = plugin.steps(context, connection)
        except CommandError as error:
            require_known(found, error)
            raise
        return not ahead and not found


def require_known(found: Iterable[str], error: CommandError) -> None:
    """Raises NotMigratedError where the database is at a revision that is not this program's."""
    known = {each.revision for each in context.script.walk_revisions()}
    if unknown := sorted(set(found) - known):
        raise NotMigratedError(
            f"The database is at {', '.join(unknown)}, which this program does not know; nothing "
            "was changed. It was migrated by a later one, whose revisions this needs, or by "
            "another project, and two cannot share one public.alembic_version."
        ) from error


def give_rights(connection: Connection) -> None:
    """Bring the roles up to what is declared now; what only an administrator may do is said."""
    found = context.get_context().get_current_heads()
    connection.rollback()
    reached = {each.revision for each in context.script.iterate_revisions(found, "base")}
    left = bring_up(connection) if _ROLES in reached else []
    if left:
        notice(f"Roles of the database: an administrator may run {'; '.join(left)}.")
    if is_handed_over(connection):
        # what somebody else migrated belongs to the owner's role as the rest does
        hand_over(connection)


def look(connection: Connection) -> None:
    """`current`, `check`, `history` and the comparison of `revision --autogenerate`."""
    declaration.limit_waiting(connection)
    configure(connection=connection)
    try:
        with context.begin_transaction():
            context.run_migrations()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != "55P03":
            raise
        raise LockNotAvailableError(
            "A table is locked by another session, and looking waits for none; run this again."
        ) from error


def session_options(url: URL) -> str:
    """Gentle settings, what the URL or the environment asks for, and what nothing may change."""
    return f"{gentle.options(gentle.GENTLE, gentle.given(url))} {gentle.options(_FIXED)}"


def run_offline() -> None:
    configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def configure(**target: Any) -> None:
    context.configure(
        **target,
        **declaration.options(),
        transaction_per_migration=True,
        process_revision_directives=name_revisions,
        timescale_lock_timeout_ms=settings().lock_timeout_ms,
        timescale_converter=OnlineConverter(metadata=metadata, quarantines=quarantines()),
    )


def quarantines() -> bool:
    """Whether rows that no hypertable holds may be kept apart: `alembic -x quarantine=allow`."""
    asked = context.get_x_argument(as_dictionary=True).get("quarantine")
    return config.attributes.get("quarantine", asked) == "allow"


def target_url() -> URL:
    """What a caller passed, else the command line's -x url=…, else the configured database."""
    given = config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    url = make_url(given) if given else direct_url()
    return url.set(drivername="postgresql+psycopg")


def name_revisions(
    context: Any, revision: str | Iterable[str | None], directives: list[MigrationScript]
) -> None:
    """Give a new revision the next number and its message as id, unless --rev-id names one."""
    plugin.resumable(context, revision, directives)
    for script in directives:
        if script.rev_id and _GENERATED_ID.match(script.rev_id) and script.message:
            slug = _NOT_A_WORD.sub("_", script.message.lower()).strip("_")
            number = 1 + len(list(context.script.walk_revisions()))
            script.rev_id = f"{number:04d}_{slug}"[:32]


main()
