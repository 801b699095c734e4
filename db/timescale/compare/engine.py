"""The engine: installed where rollups or policies are declared, and brought to this version."""

from collections.abc import Collection

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult

from db.timescale.catalog.rollup import engine_version
from db.timescale.compare.placing import all_declared, connection_of, place
from db.timescale.engine.install import VERSION
from db.timescale.ops.engine import InstallEngineOp
from db.timescale.specs import ArchivePolicy, RetentionPolicy, RollupSpec

ORDER = 30


def diff(is_needed: bool, found: int | None) -> list[InstallEngineOp]:
    """The installation that is missing; `found` is the version that is there, or None."""
    if not is_needed or (found is not None and found >= VERSION):
        return []
    return [InstallEngineOp(upgrade_from=found)]


def compare_engine(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds the installation where it is needed; taking it out is left to a person."""
    is_needed = any(
        any(all_declared(context, kind)) for kind in (RollupSpec, RetentionPolicy, ArchivePolicy)
    )
    place(upgrade_ops, additions=diff(is_needed, engine_version(connection_of(context))))
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_engine,
        "schema",
        "timescale_engine",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )
