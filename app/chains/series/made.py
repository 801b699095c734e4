"""A series as it is sent: facts and parallel arrays as JSON, the arrays as lines of a CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from app.chains.export import csv_text


@dataclass(frozen=True, slots=True)
class Series:
    """`facts` hold of the whole, `columns` are arrays of one length; unknown is None.

    `matrices` are arrays of arrays, a row an entry of the first column, a column an entry of
    `across`; where there are some, the first column's entries repeat under each one's name.
    """

    facts: Mapping[str, Any]
    columns: Mapping[str, Sequence[Any]]
    across: tuple[str, Sequence[Any]] | None = None
    matrices: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Everything under its name."""
        named = {} if self.across is None else {self.across[0]: self.across[1]}
        return {**self.facts, **self.columns, **named, **self.matrices}

    def csv(self) -> str:
        """A line an entry under a heading, or a line a row of each matrix."""
        if self.across is None:
            return csv_text(tuple(self.columns), zip(*self.columns.values(), strict=True))
        first = next(iter(self.columns))
        heading = (first, "figure", *self.across[1])
        return csv_text(
            heading,
            chain.from_iterable(
                ([entry, name, *row] for entry, row in zip(self.columns[first], rows, strict=True))
                for name, rows in self.matrices.items()
            ),
        )
