"""Random histories played one after another, and what differed."""

from collections.abc import Callable, Sequence
from random import Random

from sqlalchemy import URL

from benchmarks.equivalence.actions import random_history
from benchmarks.equivalence.player import Outcome
from benchmarks.equivalence.playground import playground

Report = Callable[[int], None]


def run(urls: Sequence[URL], histories: int, seed: int, report: Report) -> Outcome:
    """Plays `histories` random ones on databases made for it on each server, and drops these."""
    source = Random(seed)  # noqa: S311  # reproducible on purpose
    with playground(urls) as (player, subjects):
        outcome = Outcome(seed, subjects)
        for _ in range(histories):
            outcome.differences += player.play(random_history(source))
            outcome.histories += 1
            report(outcome.histories)
        outcome.checks = player.checks
    return outcome
