"""Statements that go through SQLAlchemy, told of by their names."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Executable, TextClause, event, text
from sqlalchemy.pool import QueuePool

from db.timescale.sqltext import named_statements
from db.watch import statement_ended

_OPTION = "oi_statement"
_BEGAN = "_oi_began"
_pools: "WeakKeyDictionary[Engine, str]" = WeakKeyDictionary()
ExecutableT = TypeVar("ExecutableT", bound=Executable)


@dataclass(frozen=True, slots=True)
class PoolState:
    """The connections of a pool: in use, waiting to be used, and how many there may be."""

    name: str
    used: int
    idle: int
    most: int


def pools() -> list[PoolState]:
    """Those of this process's engines, by what they are for."""
    found: dict[str, PoolState] = {}
    for engine, name in list(_pools.items()):
        pool = engine.pool
        if isinstance(pool, QueuePool):
            before = found.get(name, PoolState(name, 0, 0, 0))
            most = pool.size() + max(0, pool._max_overflow)
            found[name] = PoolState(
                name,
                before.used + pool.checkedout(),
                before.idle + pool.checkedin(),
                before.most + most,
            )
    return [found[name] for name in sorted(found)]


def named_text(package: str, file: str, name: str) -> TextClause:
    """A statement of a `.sql` file for SQLAlchemy, under which name it is watched."""
    clause = text(named_statements(package, f"{file}.sql")[name])
    where = package.rpartition(".")[2]
    return named(clause, f"{file}.{name}" if file == where else f"{where}.{file}.{name}")


def named(statement: ExecutableT, name: str) -> ExecutableT:
    """A statement of SQLAlchemy's that is watched under this name."""
    return statement.execution_options(**{_OPTION: name})


def watch(engine: Engine, pool: str) -> Engine:
    """Tell of each statement that goes through SQLAlchemy, and of the pool; returns the engine."""
    _pools[engine] = pool
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)
    return engine


def _begin(_c: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
    if context is not None:
        setattr(context, _BEGAN, perf_counter())


def _end(_c: Any, cursor: Any, text_: str, _values: Any, context: Any, _many: bool) -> None:
    began = getattr(context, _BEGAN, None)
    if began is not None:
        rows = cursor.rowcount
        statement_ended(_name(context, text_), began, rows if rows >= 0 else None)


def _fail(failure: Any) -> None:
    context = failure.execution_context
    began = getattr(context, _BEGAN, None)
    if began is not None:
        statement_ended(_name(context, failure.statement or ""), began, None, failed=True)


def _name(context: Any, text_: str) -> str:
    """The statement's own name; of one that is made here and there only what it does."""
    named: str | None = context.execution_options.get(_OPTION)
    return named or f"unnamed {text_.lstrip().split(maxsplit=1)[0].lower()[:16]}"
