"""Execution of the replacement of functions, triggers and sequences."""

from collections.abc import Iterator

from alembic.operations import Operations

from db.timescale.execution import Executor
from db.timescale.ops.sqlfiles import ReplaceSqlOp
from db.timescale.sqltext import Fragment, compose, joined, raw


@Operations.implementation_for(ReplaceSqlOp)
def replace_sql(operations: Operations, op: ReplaceSqlOp) -> None:
    """What goes leaves first, triggers before what they call; what comes is made the other way."""
    executor = Executor.of(operations)
    gone = {what for what, text in op.objects.items() if text is None}
    for what in sorted(gone, key=lambda what: not what.startswith("trigger ")):
        executor.run(_drop(what), label=f"dropping {what}")
    wanted = [(what, text) for what, text in op.objects.items() if text is not None]
    for what, text in sorted(wanted, key=lambda pair: pair[0].startswith("trigger ")):
        statements = list(_replacement(what, text, op.existing.get(what)))
        executor.run(joined(statements, ";\n"), label=f"making {what}")


def _replacement(what: str, text: str, existing: str | None) -> Iterator[Fragment]:
    if existing is not None and (what.startswith("trigger ") or _head(text) != _head(existing)):
        yield _drop(what)
    yield raw(text)


def _head(definition: str) -> list[str]:
    """A routine's arguments and what it returns: CREATE OR REPLACE changes neither."""
    return definition.split("\n")[:2]


def _drop(what: str) -> Fragment:
    kind, _, name = what.partition(" ")
    return compose("DROP {kind} IF EXISTS {name}", kind=raw(kind.upper()), name=raw(name))
