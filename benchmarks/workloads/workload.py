"""What a workload is: a question with parameters, asked in more than one way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.targets import READS, Target
from benchmarks.workloads.parameters import Draw, Parameters, drawn

Group = Literal["dashboard", "legacy"]
Read = Callable[[Connection, Parameters], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Workload:
    """One question.

    `before` is the SQL asked of the legacy tables; `after` the read of `db.queries` as rows with
    attributes, or None where the legacy program's own statement must keep working as it is.
    `columns` are compared between both; `draw` makes one set of parameters; `statement` is the
    name of the legacy SQL, under which other engines keep their own words for it.
    """

    name: str
    title: str
    group: Group
    before: str
    after: Read | None
    draw: Draw
    columns: tuple[str, ...]
    statement: str = ""

    @property
    def target(self) -> Target:
        """What must hold of it."""
        return READS[self.name]

    def parameters(self, spec: DatasetSpec, *, count: int, seed: int) -> list[Parameters]:
        """`count` sets of parameters within a history; the seed is mixed with the name."""
        return drawn(self.draw, spec, count=count, seed=seed * 1_000_003 + _number(self.name))


def _number(name: str) -> int:
    return int.from_bytes(name.encode(), "big") % 1_000_000_007
