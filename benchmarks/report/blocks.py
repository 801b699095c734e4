"""What a report is made of, whatever it is rendered to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.report.plan_tree import TreeNode

Tone = Literal["plain", "good", "bad", "faint"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell; numbers are aligned to the right."""

    text: str
    tone: Tone = "plain"
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as `head` has names."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars on a logarithmic axis: for each label one value a series."""

    title: str
    unit: str
    rows: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Lines:
    """Curves on logarithmic axes: for each series its (x, y) points."""

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Sequence[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Code:
    """Preformatted text."""

    text: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Preformatted texts side by side under their titles, folded away until asked for."""

    title: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Planned:
    """The plans of a request: `statements` with their shapes, and the trees where they are kept."""

    caption: str
    settings: str
    statements: Sequence[str]
    shapes: Sequence[Sequence[str]]
    trees: Sequence[TreeNode | None]


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans to hold against each other, folded away until asked for."""

    title: str
    sides: Sequence[Planned]


@dataclass(frozen=True, slots=True)
class Ranges:
    """How times spread, on a logarithmic axis: for each label and series (min, p50, p95, p99)."""

    title: str
    unit: str
    rows: Mapping[str, Mapping[str, tuple[float, float, float, float]]]


Block = Table | Bars | Lines | Ranges | Note | Code | Columns | Plans


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a report with the command that makes its figures."""

    title: str
    blocks: Sequence[Block]
    command: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def text(value: object) -> Cell:
    """A cell of text; None is unknown."""
    return Cell("–" if value is None else str(value), "faint" if value is None else "plain")


def number(value: float | None, digits: int = 2, *, tone: Tone = "plain", suffix: str = "") -> Cell:
    """A cell of a number with about three significant figures; None is unknown."""
    if value is None:
        return Cell("–", "faint", number=True)
    return Cell(f"{_rounded(value, digits)}{suffix}", tone, number=True)


def _rounded(value: float, digits: int) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:,.{digits}f}"
