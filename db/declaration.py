"""The one comparison of a database with what is declared, for Alembic's commands and the status."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.operations.ops import MigrateOperation
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

from db.engine import single_engine
from db.schema import metadata
from db.timescale import plugin
from db.timescale.ops.base import TimescaleOp
from db.timescale.resume import leaves

# a table that somebody holds locked is looked at another time
_PATIENCE = "2s"
# no right, a standby or a read-only session, a lock that is not free
_REFUSALS = ("42501", "25006", "55P03")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is not as declared, a line each; or why nothing could be said of that."""

    differences: tuple[str, ...] = ()
    refusal: str | None = None


def options() -> dict[str, Any]:
    """What context.configure is given so that everything declared is compared."""
    return {
        "target_metadata": metadata,
        "autogenerate_plugins": plugin.AUTOGENERATE,
        "compare_type": True,
        "compare_server_default": compare_server_default,
    }


def limit_waiting(connection: Connection) -> None:
    """Lets what only looks at a database give up soon where something is locked."""
    setting = text("SELECT set_config('lock_timeout', :patience, false) AS patience")
    connection.execute(setting, {"patience": _PATIENCE})
    connection.commit()


def compare(url: URL) -> Comparison:
    """Compares a migrated database; nothing of it is changed or kept locked.

    Needs the right to temporary tables on a server that takes writes; else the refusal says so.
    """
    try:
        with single_engine(url).connect() as connection:
            return Comparison(differences=tuple(_differences(connection)))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _REFUSALS:
            raise
        return Comparison(refusal=str(error.orig).partition("\n")[0])


def compare_server_default(
    context: Any,
    inspected_column: Any,
    metadata_column: Any,
    inspected_default: str | None,
    metadata_default: Any,
    rendered_metadata_default: str | None,
) -> bool | None:
    """A sequence's default is told apart by its column, not by how it is spelled; None: compare."""
    if rendered_metadata_default and rendered_metadata_default.startswith("nextval("):
        return False
    return None


def _differences(connection: Connection) -> Iterator[str]:
    limit_waiting(connection)
    context = MigrationContext.configure(connection, opts=options())
    script = produce_migrations(context, metadata)
    connection.rollback()
    for container in script.upgrade_ops_list:
        for op in leaves(container):
            yield from op.differences() if isinstance(op, TimescaleOp) else _alembics(op)


def _alembics(op: MigrateOperation) -> Iterator[str]:
    """Lines of an operation of Alembic's own, which describes itself by tuples."""
    found = op.to_diff_tuple()
    for one in found if isinstance(found, list) else [found]:
        kind, *about = one
        names = [getattr(part, "name", part) for part in about]
        words = [name for name in names if isinstance(name, str) and name]
        yield f"{kind.replace('_', ' ')}: {'.'.join(words)}"
