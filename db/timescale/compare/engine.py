"""The engine: installed where rollups or policies are declared, and brought to this version."""

from collections.abc import Collection

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Connection

from db.timescale.catalog.engine import installed_scripts, watch_faults
from db.timescale.compare.placing import all_declared, connection_of, place
from db.timescale.compare.sqlfiles import changes_of
from db.timescale.engine.install import function_texts, scripts_hash
from db.timescale.ops.engine import InstallEngineOp, WatchSourceOp
from db.timescale.specs import ArchivePolicy, RetentionPolicy, RollupSpec
from db.timescale.sqlfiles import made_by

ORDER = 30


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
    changed = changes_of(connection, "timescale_engine", made, None)
    if changed:
        # a fault of a function is no fault of a source
        return [*changed]
    return [
        WatchSourceOp(table=source, fault=fault)
        for source, fault in watch_faults(connection).items()
    ]


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_engine,
        "schema",
        "timescale_engine",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )
