"""What changed between two runs."""

from collections.abc import Sequence

from benchmarks.report.blocks import Block, Cell, Note, Section, Table, Tone, number, text
from benchmarks.report.changes import Change

_TONES: dict[str, Tone] = {"slower": "bad", "faster": "good", "same": "plain"}


def change_section(
    changes: Sequence[Change], missing: tuple[list[str], list[str]], command: str
) -> Section:
    """One row a query; the verdict is on floors, which the machine's speed does not move."""
    head = ["query", "a ms", "b ms", "a × floor", "b × floor", "b / a", "", "buffers", "b", "plan"]
    blocks: list[Block] = [Table(head, [_row(change) for change in changes])]
    for side, names in zip("ab", missing, strict=True):
        if names:
            blocks.append(Note(f"Only in {side}: {', '.join(names)}."))
    return Section("Two runs", blocks, command)


def _row(change: Change) -> list[Cell]:
    return [
        text(change.query),
        number(change.after_a_ms),
        number(change.after_b_ms),
        number(change.floors_a),
        number(change.floors_b),
        number(change.relative, suffix=" ×"),
        Cell(change.verdict, _TONES[change.verdict]),
        number(change.buffers_a),
        number(change.buffers_b, tone="bad" if change.buffers_b > change.buffers_a else "plain"),
        Cell("same") if change.same_shape else Cell("changed", "bad"),
    ]
