"""Times callables side by side; knows nothing of what they do."""

import random
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

Task = Callable[[int], object]
"""Runs the request of that number to its last row."""

_SELDOM = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to run: requests 0 … `requests` − 1 are drawn by the caller.

    `budget_s` bounds what one contender may spend in one round, so that a slow one is repeated
    less often than a fast one; each request still runs at least once a round.
    """

    requests: int
    rounds: int = 5
    budget_s: float = 0.25
    max_repeats: int = 40
    warm: bool = True
    seed: int = 1


@dataclass(slots=True)
class Samples:
    """Client times of one contender in milliseconds, one list a round."""

    rounds: list[list[float]] = field(default_factory=list)


def interleave(
    tasks: Mapping[str, Task],
    plan: Plan,
    *,
    before_round: Callable[[], None] | None = None,
    seldom: Collection[str] = (),
) -> dict[str, Samples]:
    """Run all contenders in every round, in a new random order each time.

    Side by side, because shared machines drift by tens of percent within minutes. With
    `plan.warm` every request runs once untimed first. `before_round` may make things cold. Those
    that are asked `seldom`, for a median and no more, spend a third of the time.
    """
    shuffler = random.Random(plan.seed)  # noqa: S311 - an order, not a secret
    repeats = {
        name: max(1, _repeats(task, plan) // (_SELDOM if name in seldom else 1))
        for name, task in tasks.items()
    }
    samples = {name: Samples() for name in tasks}
    for _ in range(plan.rounds):
        order = list(tasks)
        shuffler.shuffle(order)
        for name in order:
            if before_round:
                before_round()
            samples[name].rounds.append(_round(tasks[name], plan.requests, repeats[name]))
    return samples


def elapsed_ms(task: Task, request: int) -> float:
    """The client time of one run in milliseconds."""
    started = time.perf_counter_ns()
    task(request)
    return (time.perf_counter_ns() - started) / 1e6


def _round(task: Task, requests: int, repeats: int) -> list[float]:
    return [elapsed_ms(task, request) for _ in range(repeats) for request in range(requests)]


def _repeats(task: Task, plan: Plan) -> int:
    if not plan.warm:
        return 1
    pass_ms = sum(elapsed_ms(task, request) for request in range(plan.requests))
    # the first pass paid for planning caches and pages; a second tells what a repeat costs,
    # unless one pass alone has spent the budget already
    if pass_ms < plan.budget_s * 1000:
        pass_ms = sum(elapsed_ms(task, request) for request in range(plan.requests))
    wanted = plan.budget_s * 1000 / max(pass_ms, 0.001)
    return max(1, min(plan.max_repeats, int(wanted)))
