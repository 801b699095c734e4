"""Sections as GitHub-flavoured Markdown."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from benchmarks.report.blocks import (
    Bars,
    Block,
    Cell,
    Code,
    Columns,
    Lines,
    Note,
    Planned,
    Plans,
    Ranges,
    Section,
    Table,
)


def markdown_report(title: str, sections: Sequence[Section]) -> str:
    """The whole report; charts become tables, plans stand one below the other."""
    lines = [f"# {title}", ""]
    for section in sections:
        lines += markdown_section(section, level=2)
    return "\n".join(lines).rstrip() + "\n"


def markdown_section(section: Section, *, level: int) -> list[str]:
    """One section as lines, ending with an empty one."""
    lines = [f"{'#' * level} {section.title}", ""]
    lines += [f"- {name}: {value}" for name, value in section.facts.items()]
    if section.facts:
        lines.append("")
    for block in section.blocks:
        lines += [*_block(block), ""]
    if section.command:
        lines += [f"`{section.command}`", ""]
    return lines


def markdown_table(table: Table) -> list[str]:
    """A table as lines."""
    first = table.rows[0] if table.rows else []
    ruler = ["--:" if cell and cell.number else "---" for _, cell in _by_column(table.head, first)]
    return [_line(table.head), _line(ruler), *(_line(map(_cell, row)) for row in table.rows)]


def _by_column(head: Sequence[str], row: Sequence[Cell]) -> Iterable[tuple[str, Cell | None]]:
    return zip_longest(head, row)


def _block(block: Block) -> list[str]:
    match block:
        case Table():
            return markdown_table(block)
        case Note():
            return [block.text]
        case Code():
            return ["```", block.text, "```"]
        case Columns():
            return _folded(block)
        case Plans():
            return _folded(Columns(block.title, {p.caption: planned_text(p) for p in block.sides}))
        case Bars() | Lines() | Ranges():
            return []  # the table beside each chart holds its figures


def planned_text(planned: Planned) -> str:
    """Statements, each with the shape of its plan."""
    pairs = zip(planned.statements, planned.shapes, strict=True)
    return "\n\n".join(f"{text.strip()}\n\n" + "\n".join(shape) for text, shape in pairs)


def _folded(block: Columns) -> list[str]:
    lines = ["<details>", f"<summary>{block.title}</summary>", ""]
    for title, text in block.columns.items():
        lines += [title, "", "```", text, "```", ""]
    return [*lines, "</details>"]


def _cell(cell: Cell) -> str:
    escaped = cell.text.replace("|", "\\|")
    return f"**{escaped}**" if cell.tone == "bad" else escaped


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
