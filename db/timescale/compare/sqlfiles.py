"""Functions, triggers and sequences that SQL files make: missing, changed, or not theirs."""

from collections.abc import Collection, Mapping

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Connection

from db.timescale.catalog.objects import declared_objects, found_objects
from db.timescale.compare.placing import all_declared, connection_of, place
from db.timescale.ops.sqlfiles import ReplaceSqlOp
from db.timescale.specs import SqlFiles
from db.timescale.sqlfiles import Made, made_by

# what they name is there by then
ORDER = 90


def diff(
    name: str, wanted: Mapping[str, str], found: Mapping[str, str], *, with_others: bool
) -> list[ReplaceSqlOp]:
    """What turns the objects found into those wanted; `with_others`: what is not wanted goes."""
    changed = [what for what, text in wanted.items() if found.get(what) != text]
    others = [what for what in found if what not in wanted] if with_others else []
    if not changed and not others:
        return []
    return [
        ReplaceSqlOp(
            name=name,
            objects={what: wanted.get(what) for what in [*changed, *others]},
            existing={what: found.get(what) for what in [*changed, *others]},
        )
    ]


def changes_of(
    connection: Connection, name: str, made: Made, schema: str | None
) -> list[ReplaceSqlOp]:
    """What brings a database to all that some files make."""
    return diff(
        name,
        declared_objects(connection, made),
        found_objects(connection, made, schema),
        with_others=schema is not None,
    )


def compare_sql_files(
    context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Collection[str | None]
) -> PriorityDispatchResult:
    """Adds what the objects of every declared file need."""
    for spec in all_declared(context, SqlFiles):
        made = made_by(path.read_text(encoding="utf-8") for path in spec.files)
        place(
            upgrade_ops,
            additions=changes_of(connection_of(context), spec.name, made, spec.schema),
        )
    return PriorityDispatchResult.CONTINUE


def setup(plugin: Plugin) -> None:
    """Registers the comparison."""
    plugin.add_autogenerate_comparator(
        compare_sql_files,
        "schema",
        "timescale_sql_files",
        qualifier="postgresql",
        priority=DispatchPriority.LAST,
    )
