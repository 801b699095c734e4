"""Generated migrations that can be run again after they were killed half way.

An index build on a populated table commits what stands before it in its migration, while the
revision is stamped only at the end. So Alembic's own steps are written with IF [NOT] EXISTS.
https://alembic.sqlalchemy.org/en/latest/api/autogenerate.html#customizing-revision
"""

from collections.abc import Iterable, Iterator

from alembic.operations.ops import (
    AddColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    MigrationScript,
    OpContainer,
)
from alembic.runtime.migration import MigrationContext

_CREATING = (AddColumnOp, CreateIndexOp, CreateTableOp)
_DROPPING = (DropColumnOp, DropConstraintOp, DropIndexOp, DropTableOp)


def resumable(
    _context: MigrationContext, _revision: object, scripts: Iterable[MigrationScript]
) -> None:
    """For `process_revision_directives`: every step of Alembic's own may have happened before."""
    for script in scripts:
        for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            for op in _leaves(container):
                if isinstance(op, _CREATING):
                    op.if_not_exists = True
                elif isinstance(op, _DROPPING):
                    op.if_exists = True


def _leaves(container: OpContainer) -> Iterator[MigrateOperation]:
    for op in container.ops:
        if isinstance(op, OpContainer):
            yield from _leaves(op)
        else:
            yield op
