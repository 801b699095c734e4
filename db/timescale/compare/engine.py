"""The engine: installed where rollups or policies are declared, and brought to this version."""

from collections.abc import Collection

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from db.timescale.catalog.engine import installed_scripts, watch_faults
from db.timescale.compare.placing import all_declared, connection_of, place
from db.timescale.compare.sqlfiles import changes_of
from db.timescale.engine.install import function_texts, scripts_hash
from db.timescale.ops.engine import InstallEngineOp, WatchSourceOp
from db.timescale.ops.sqlfiles import ReplaceSqlOp
from db.timescale.specs import ArchivePolicy, RetentionPolicy, RollupSpec
from db.timescale.sqlfiles import made_by

ORDER = 30

NAME = "timescale_engine"


def diff(is_needed: bool, found: str | None) -> list[InstallEngineOp]:
    """The installation that is missing; `found` is the hash of the one that is there, or None."""
    if found == scripts_hash() or (found is None and not is_needed):
        return []
    return [InstallEngineOp(scripts=scripts_hash(), existing=found)]


def compare_engine(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds the installation that is needed, or what mends it; taking it out is a person's work."""
    is_needed = any(
        any(all_declared(context, kind)) for kind in (RollupSpec, RetentionPolicy, ArchivePolicy)
    )
    found = installed_scripts(connection_of(context))
    place(upgrade_ops, additions=diff(is_needed, found))
    if found == scripts_hash():
        place(upgrade_ops, additions=repairs(connection_of(context)))
    return PriorityDispatchResult.CONTINUE


def repairs(connection: Connection) -> list[MigrateOperation]:
    """What brings the engine back to what its scripts made, and its triggers to their sources."""
    made = made_by(function_texts())
    changed: list[MigrateOperation] = [*changes_of(connection, NAME, made, None)]
    try:
        with connection.begin_nested():
            faults = watch_faults(connection)
    except DBAPIError:
        if not changed:
            raise
        return changed  # it cannot be asked before it is mended
    return [
        *changed,
        *(WatchSourceOp(table=source, fault=fault) for source, fault in faults.items()),
    ]


def needs_repair(upgrade_ops: UpgradeOps) -> bool:
    """Whether the engine was found to be another one than its scripts make."""
    return any(
        isinstance(op, InstallEngineOp) or (isinstance(op, ReplaceSqlOp) and op.name == NAME)
        for op in upgrade_ops.ops
    )


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_engine,
        "schema",
        "timescale_engine",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )
