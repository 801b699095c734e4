"""Named steps of start-up: each begins as soon as what it needs is done, and none waits for others.

A step that fails is tried again, by itself after a pause and at once when somebody asks.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from app.telemetry.timing import timed
from db.backoff import Backoff
from db.errors import InvalidInputError, OIError

_LOG = logging.getLogger("oi.telemetry")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0

Tell = Callable[[int, int], None]
"""Told how many parts of a step are done, and of how many."""

State = Literal["waiting", "running", "done", "failed"]


@dataclass(slots=True)
class _Step:
    name: str
    act: Callable[[Tell], None]
    needs: tuple[str, ...]
    state: State = "waiting"
    done: int = 0
    total: int = 0
    problem: str | None = None
    attempts: int = 0
    took_s: float | None = None
    again: threading.Event = field(default_factory=threading.Event)


class Steps:
    """The steps of a process, told of by `shown`; may be used by any thread."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._steps: dict[str, _Step] = {}
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        self._has_started = False

    def add(self, name: str, act: Callable[[Tell], None], needs: Sequence[str] = ()) -> None:
        """Declare a step, after those that it needs; raises ValueError for one that is none."""
        for need in needs:
            if need not in self._steps:
                raise ValueError(f"{name} needs {need}, which is no step before it")
        self._steps[name] = _Step(name, act, tuple(needs))

    def start(self) -> None:
        """Begin all, once; does nothing afterwards."""
        with self._changed:
            if self._has_started or self._is_closed:
                return
            self._has_started = True
            for step in self._steps.values():
                thread = threading.Thread(
                    target=self._run, args=(step,), name=f"step-{step.name}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def retry(self, name: str) -> None:
        """Try a failed step again now; raises InvalidInputError where it has not failed."""
        step = self._steps.get(name)
        if step is None or step.state != "failed":
            raise InvalidInputError(f"There is no failed step {name[:40]!r}.")
        step.again.set()

    def close(self, timeout_s: float = 1.0) -> None:
        """End; an attempt under way is left to itself after that long."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for step in self._steps.values():
            step.again.set()
        for thread in self._threads:
            thread.join(timeout_s)

    @property
    def is_done(self) -> bool:
        """Whether all are done."""
        return all(step.state == "done" for step in self._steps.values())

    def shown(self) -> list[Mapping[str, Any]]:
        """All of them for a person, in order; `progress` is a share, None where nobody counts."""
        with self._changed:
            return [
                {
                    "name": step.name,
                    "state": step.state,
                    "progress": step.done / step.total if step.total else None,
                    "problem": step.problem,
                    "attempts": step.attempts,
                    "took_ms": None if step.took_s is None else round(step.took_s * 1000, 1),
                    "needs": list(step.needs),
                }
                for step in self._steps.values()
            ]

    def _run(self, step: _Step) -> None:
        pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        if not self._await_needs(step):
            return
        while not self._attempt(step):
            step.again.wait(pauses.next_s())
            step.again.clear()
            if self._is_closed:
                return

    def _await_needs(self, step: _Step) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._is_closed or all(self._steps[need].state == "done" for need in step.needs)
                )
            )
            return not self._is_closed

    def _attempt(self, step: _Step) -> bool:
        def tell(done: int, total: int) -> None:
            step.done, step.total = done, total

        self._note(step, "running", step.problem)
        step.attempts += 1
        began = self._clock()
        try:
            with timed(f"start: {step.name}"):
                step.act(tell)
        except Exception as error:  # a step that fails holds up those that need it, and no others
            reason = str(error).partition("\n")[0]
            if reason != step.problem:
                known = isinstance(error, OIError)
                _LOG.warning("%s: %s", step.name, reason, exc_info=None if known else error)
            self._note(step, "failed", reason or type(error).__name__)
            return False
        step.took_s = self._clock() - began
        self._note(step, "done", None)
        return True

    def _note(self, step: _Step, state: State, problem: str | None) -> None:
        with self._changed:
            step.state, step.problem = state, problem
            self._changed.notify_all()
