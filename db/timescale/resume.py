"""Migrations that can be run again: after they were killed, and after they gave way to others.

An index build on a populated table commits what stands before it in its migration, while the
revision is stamped only at the end. So Alembic's own steps are written with IF [NOT] EXISTS.
https://alembic.sqlalchemy.org/en/latest/api/autogenerate.html#customizing-revision
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from random import SystemRandom
from typing import Any, Protocol

from alembic.operations import Operations
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
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from db.timescale.errors import LockNotAvailableError
from db.timescale.progress import notice

_CREATING = (AddColumnOp, CreateIndexOp, CreateTableOp)
_DROPPING = (DropColumnOp, DropConstraintOp, DropIndexOp, DropTableOp)
_LONGEST_PAUSE_S = 4.0


class Context(Protocol):
    """What env.py imports as `alembic.context`."""

    def begin_transaction(self) -> AbstractContextManager[Any]: ...

    def run_migrations(self) -> None: ...

    def get_revision_argument(self) -> Any: ...

    def get_context(self) -> MigrationContext: ...

    @property
    def script(self) -> ScriptDirectory: ...


def changes_database(context: Context) -> bool:
    """Whether the command is to bring the database to a revision, and does not only look at it."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False  # Alembic has it for upgrade, downgrade and stamp alone
    return True


def steps(context: Context, connection: Connection) -> list[MigrationStep]:
    """What the command is to do; `context` is configured, nothing has run yet."""
    migrations = context.get_context()
    # what Alembic asks itself
    found = list(migrations._migrations_fn(migrations.get_current_heads(), migrations))  # type: ignore[misc]
    connection.rollback()
    return found


def upgrades(ahead: Sequence[MigrationStep]) -> bool:
    """Whether the steps ahead bring a database up."""
    return any(isinstance(step, RevisionStep) and step.is_upgrade for step in ahead)


def undoes_moves(ahead: Sequence[MigrationStep]) -> bool:
    """Whether they go down past a revision that moved the rows of tables."""
    return any(
        isinstance(step, RevisionStep)
        and step.is_downgrade
        and getattr(step.revision.module, "commits_midway", False)
        for step in ahead
    )


def undo_unfinished(context: Context, connection: Connection) -> None:
    """Before a way down: the upgrade above that was stopped half-way is undone first.

    It is not stamped, so no step would do it. Only a revision that says `commits_midway = True` can
    have left something, and its downgrade minds what it does not find.
    """
    migrations = context.get_context()
    goes_down = any(
        isinstance(step, RevisionStep) and step.is_downgrade for step in steps(context, connection)
    )
    below = set(migrations.get_current_heads())
    connection.rollback()
    scripts = context.script.walk_revisions() if goes_down else ()
    for script in scripts:
        follows = below and set(script._all_down_revisions) == below
        if follows and getattr(script.module, "commits_midway", False):
            with Operations.context(migrations), migrations.begin_transaction(_per_migration=True):
                script.module.downgrade()


def run_migrations(context: Context, *, patience_s: float = 120.0) -> None:
    """Runs the migrations of env.py; one that gave way to others is rolled back and tried again.

    Raises LockNotAvailableError when it still gives way after `patience_s` seconds.
    """
    deadline = time.monotonic() + patience_s
    jitter = SystemRandom()
    while True:
        try:
            with context.begin_transaction():
                context.run_migrations()
            return
        except LockNotAvailableError as error:
            pause_s = jitter.uniform(0.25, 1.0) * _LONGEST_PAUSE_S
            if time.monotonic() + pause_s > deadline:
                raise
            notice(f"trying again in {pause_s:.1f} s: {error}")
        time.sleep(pause_s)


def resumable(
    _context: MigrationContext, _revision: object, scripts: Iterable[MigrationScript]
) -> None:
    """For `process_revision_directives`: every step of Alembic's own may have happened before."""
    for script in scripts:
        for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
            for op in leaves(container):
                if isinstance(op, _CREATING):
                    op.if_not_exists = True
                elif isinstance(op, _DROPPING):
                    op.if_exists = True


def leaves(container: OpContainer) -> Iterator[MigrateOperation]:
    """The operations within a container, and within those it holds, in their order."""
    for op in container.ops:
        if isinstance(op, OpContainer):
            yield from leaves(op)
        else:
            yield op
