"""Rollups: made, dropped, and changed in their definition."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy.exc import DBAPIError

from db.timescale.catalog.rollup import FoundRollup, normalized_definition, rollups
from db.timescale.compare.engine import needs_repair
from db.timescale.compare.placing import (
    all_declared,
    connection_of,
    is_compared,
    key_of,
    name_of,
    place,
)
from db.timescale.errors import SpecError
from db.timescale.ops.rollup import (
    AlterRollupOp,
    CreateRollupOp,
    DropRollupOp,
    rollup_arguments,
)
from db.timescale.specs import RollupSpec
from db.timescale.sqltext import Relation

ORDER = 40

Normalize = Callable[[RollupSpec], str]


@dataclass(slots=True)
class Changes:
    """What to take away first and what to add last."""

    removals: list[MigrateOperation] = field(default_factory=list)
    additions: list[MigrateOperation] = field(default_factory=list)


def diff(
    wanted: Mapping[Relation, RollupSpec],
    found: Mapping[Relation, FoundRollup],
    normalize: Normalize,
) -> Changes:
    """What turns the rollups found into the ones wanted; both list sources before their readers.

    `normalize` gives a spec's SELECT as the server prints it, so that spelling is no difference.
    """
    changes = Changes()
    for key in reversed([key for key in found if key not in wanted]):
        changes.removals.append(DropRollupOp(**rollup_arguments(found[key].spec)))
    for key, spec in wanted.items():
        if key not in found:
            changes.additions.append(CreateRollupOp(**rollup_arguments(spec)))
        elif not _is_same(spec, found[key], normalize):
            changes.additions.append(_alteration(spec, found[key].spec))
    return changes


def compare_rollups(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what every declared rollup needs, and drops those no longer declared."""
    try:
        with connection_of(context).begin_nested():
            changes = _changes(context, schemas)
    except (DBAPIError, SpecError):
        if not needs_repair(upgrade_ops):
            raise
        return PriorityDispatchResult.CONTINUE  # the engine cannot be asked before it is mended
    place(upgrade_ops, removals=changes.removals, additions=changes.additions)
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_rollups,
        "schema",
        "timescale_rollup",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )


def _changes(context: AutogenContext, schemas: Collection[str | None]) -> Changes:
    connection = connection_of(context)
    wanted = {
        key_of(context, spec.name): _definition_only(spec)
        for spec in all_declared(context, RollupSpec)
    }
    found = {
        key: replace(rollup, spec=replace(rollup.spec, name=name_of(context, key)))
        for key, rollup in rollups(connection).items()
        if key in wanted or is_compared(context, schemas, key)
    }
    return diff(wanted, found, lambda spec: normalized_definition(connection, spec))


def _definition_only(spec: RollupSpec) -> RollupSpec:
    """Without its policies: these are compared by themselves."""
    return replace(spec, refresh=None, retention=None)


def _is_same(wanted: RollupSpec, found: FoundRollup, normalize: Normalize) -> bool:
    if not found.is_as_made or _beside_select(wanted) != _beside_select(found.spec):
        return False
    return wanted == found.spec or normalize(wanted) == found.definition


def _beside_select(spec: RollupSpec) -> tuple[Any, ...]:
    return spec.real_time, spec.chunk_interval, spec.indexes


def _alteration(wanted: RollupSpec, found: RollupSpec) -> AlterRollupOp:
    definition, existing = rollup_arguments(wanted), rollup_arguments(found)
    name = definition.pop("name")
    del existing["name"]
    return AlterRollupOp(name=name, definition=definition, existing=existing)
