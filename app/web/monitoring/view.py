"""What one look at the monitoring page sees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app.telemetry.tallies import Figures
from app.web.monitoring.parts import Part
from app.web.services import Services

if TYPE_CHECKING:
    from db.queries.performance import Latest

_SAMPLES_LATE_S = 40.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of operations: of all processes where samples are stored, else of this one."""

    service: str
    kind: str
    name: str
    count: int
    failures: int
    mean_ms: float
    p95_ms: float | None
    max_ms: float
    size: int | None


@dataclass(frozen=True)
class View:
    """The process's services, and the parts that were read of the database."""

    services: Services
    parts: Mapping[str, Part]

    @cached_property
    def is_of_all(self) -> bool:
        """Whether operations are those of all processes."""
        latest = self.parts["latest"]
        is_late = latest.age_s is None or latest.age_s > _SAMPLES_LATE_S
        return not is_late and bool(latest.value["operations"])

    @cached_property
    def operations(self) -> list[Shown]:
        """The last minute's."""
        if self.is_of_all:
            return _of_samples(self.parts["latest"].value["operations"])
        return _of_figures(self.services.telemetry.recorder.now())

    def of(self, *kinds: str) -> list[Shown]:
        """Those of some kinds, the slowest first."""
        return slowest_first(each for each in self.operations if each.kind in kinds)


def slowest_first(operations: Iterable[Shown]) -> list[Shown]:
    """By what 95 of 100 stay within."""
    return sorted(operations, key=lambda each: (each.p95_ms or 0.0, each.max_ms), reverse=True)


def _of_samples(found: "Sequence[Latest]") -> list[Shown]:
    return [
        Shown(
            *(each.service, each.kind, each.name, each.operations, each.failures),
            *(each.total_ms / max(1, each.operations), each.p95_ms, each.max_ms, each.size),
        )
        for each in found
    ]


def _of_figures(found: Sequence[Figures]) -> list[Shown]:
    return [
        Shown(
            *("web", each.kind, each.name, each.count, each.failures),
            *(each.mean_ms, each.p95_ms, each.max_ms, each.size),
        )
        for each in found
    ]
