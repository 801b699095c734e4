"""Times operations: a context manager that is a decorator too, for any thread, nested at will.

Who wants to know is told when an operation ends; while nobody does, nothing is kept.
"""

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from time import perf_counter
from types import TracebackType
from typing import Literal, NamedTuple, Self

Kind = Literal["step", "route", "query", "pool", "socket", "age"]

_within: ContextVar[tuple[str, ...]] = ContextVar("oi_within", default=())


class Operation(NamedTuple):
    """What has ended: `size` is rows or bytes, None where nobody counted.

    `duration_s` of kind "age" is how old something was when it was looked at.
    """

    kind: Kind
    name: str
    duration_s: float
    failed: bool = False
    size: int | None = None


Listener = Callable[[Operation], None]
_listeners: tuple[Listener, ...] = ()


def listen(listener: Listener) -> Callable[[], None]:
    """Tell `listener` of each operation, on the thread on which it ended; answers what ends that.

    A listener must not wait.
    """
    global _listeners
    _listeners = (*_listeners, listener)

    def end() -> None:
        global _listeners
        _listeners = tuple(each for each in _listeners if each != listener)

    return end


def ended(operation: Operation) -> None:
    """Tell of an operation that somebody timed otherwise."""
    for listener in _listeners:
        listener(operation)


def within() -> tuple[str, ...]:
    """The steps that the caller is in, outermost first."""
    return _within.get()


class timed(ContextDecorator):  # used like a function
    """Times a block, or each call of a function, as a step of this name.

    One that raises counts as failed. Within the block `size` may be set, `failed` where a failure
    is no error, and `is_idle` where there was nothing to do, which is not told of. What is timed
    within another is a step of its own, and part of the outer one.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.size: int | None = None
        self.failed = self.is_idle = False

    # a decorated function may run in many threads at once, so that each call has its own
    def _recreate_cm(self) -> Self:
        return type(self)(self.name)

    def __enter__(self) -> Self:
        self._token = _within.set((*_within.get(), self.name))
        self._began = perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        duration_s = perf_counter() - self._began
        _within.reset(self._token)
        failed = self.failed or error is not None
        if failed or not self.is_idle:
            ended(Operation("step", self.name, duration_s, failed, self.size))
