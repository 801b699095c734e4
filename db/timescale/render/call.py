"""The text of one operation: a call with every value by its repr, and the imports it needs."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from alembic.autogenerate.api import AutogenContext

from db.timescale.ops.base import TimescaleOp

_LINE = 88


def render_call(context: AutogenContext, op: TimescaleOp) -> str:
    """`op.<operation>(…)`, on one line where it fits."""
    arguments = [
        *(rendered(context, value) for value in op.positional()),
        *(f"{name}={rendered(context, value)}" for name, value in op.keywords().items()),
    ]
    name = context.opts["alembic_module_prefix"] + op.OPERATION
    one_line = f"{name}({', '.join(arguments)})"
    if len(one_line) <= _LINE:
        return one_line
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{name}(\n{lines})"


def rendered(context: AutogenContext, value: Any) -> str:
    """One value; what it needs is added to the migration's imports."""
    for kind in _kinds(value):
        if kind is timedelta:
            context.imports.add("import datetime")
        elif kind.__module__ != "builtins":
            context.imports.add(f"from {kind.__module__} import {kind.__name__}")
    return repr(value)


def _kinds(value: Any) -> Iterator[type]:
    yield type(value)
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for part in value:
            yield from _kinds(part)
