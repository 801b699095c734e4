"""Pages opened at moments that nobody planned: whether they are of use, and how old they say."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.feed.ends import Ends
from benchmarks.feed.viewer import Answer, signed_in, state
from benchmarks.timing.statistics import percentile
from benchmarks.timing.waiting import beside
from benchmarks.web.serving import Site
from db.market.exchanges import EXCHANGES

TOO_YOUNG_S, TOO_OLD_S = 0.05, 1.0
"""How far from the truth an age may be: the server counts from before it asks the database."""

_PAUSE_S = 1.0


@dataclass
class Opened:
    """Answers to pages that were opened, and what went wrong with others."""

    answers: list[Answer] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def open(self, site: Site, seed: int, ended: threading.Event) -> None:
        """Open one now and then until the end; a seed has the same ones opened."""
        chosen = random.Random(seed)  # noqa: S311 - moments, no secrets
        cookie = signed_in(site)
        while not ended.wait(chosen.expovariate(1 / _PAUSE_S)):
            try:
                self.answers.append(state(site, cookie, chosen.choice(list(EXCHANGES))))
            except (OSError, BenchmarkError) as error:
                self.failed.append(str(error))


@contextmanager
def opening(site: Site, seed: int) -> Iterator[Opened]:
    """Open pages until the block ends."""
    opened = Opened()
    with beside("pages", partial(opened.open, site, seed)):
        yield opened


def judged(opened: Opened, ends: Ends) -> dict[str, Any]:
    """Figures of all pages from the first one that showed a chain."""
    shown = [each for each in opened.answers if each.key is not None]
    took_ms = sorted(1000 * (each.answered - each.asked) for each in shown)
    errors = [each for each in (_error_s(each, ends) for each in shown) if each is not None]
    return {
        "pages": len(shown),
        "pages_failed": len(opened.failed),
        "pages_empty": sum(not each.contracts for each in shown),
        "page_p50_ms": percentile(took_ms, 0.5) if took_ms else None,
        "page_p99_ms": percentile(took_ms, 0.99) if took_ms else None,
        "ages": len(errors),
        "ages_too_young": sum(each < -TOO_YOUNG_S for each in errors),
        "ages_too_old": sum(each > TOO_OLD_S for each in errors),
        "age_too_young_ms": _worst(errors, -1),
        "age_too_old_ms": _worst(errors, 1),
    }


def _error_s(answer: Answer, ends: Ends) -> float | None:
    """By how much an age is more than it can be, or less (negative); 0 between the two.

    None for a chain whose commit nobody here saw.
    """
    commit = ends.commits.get(answer.key) if answer.key is not None else None
    if commit is None or answer.age_s is None:
        return None
    least, most = answer.asked - commit[1], answer.answered - commit[0]
    return min(0.0, answer.age_s - least) or max(0.0, answer.age_s - most)


def _worst(errors: Sequence[float], sign: int) -> float:
    return round(1000 * max((sign * each for each in errors), default=0.0), 1) + 0.0
