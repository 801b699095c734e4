"""The sections of the monitoring page, in their order: each says what its template shows.

A section is a module with a TITLE and `show(view)`; its template is `monitoring/<name>.html`. Where
`show` answers None there is nothing to say, and the section is left out.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from app.web.monitoring.sections import (
    alerts,
    archive,
    caches,
    commands,
    conversions,
    feed,
    jobs,
    objectives,
    pool,
    queries,
    rollups,
    routes,
    signals,
    slowest,
    steps,
    storage,
    weeks,
)
from app.web.monitoring.view import View

SECTIONS: tuple[ModuleType, ...] = (
    *(objectives, alerts, slowest, feed, routes, queries, steps, pool, caches, rollups, jobs),
    *(commands, conversions, archive, storage, signals, weeks),
)


class Section(NamedTuple):
    """A section with what is to be shown in it; `problem` says why that is old, or not there."""

    name: str
    title: str
    problem: str | None
    shown: Mapping[str, Any]


def sections(view: View) -> list[Section]:
    """All that have something to say."""
    found = []
    for module in SECTIONS:
        name = module.__name__.rpartition(".")[2]
        part = view.parts.get(getattr(module, "PART", ""))
        problem = None if part is None else part.problem
        # what a part shows needs it to have been read once
        is_known = part is None or part.value is not None
        shown = module.show(view) if is_known else {}
        if shown is not None:
            found.append(Section(name, module.TITLE, problem, shown))
    return found
