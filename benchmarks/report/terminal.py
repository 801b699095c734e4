"""Sections on a terminal: tables and notes."""

from collections.abc import Sequence

from benchmarks.report.blocks import Cell, Note, Section, Table

_STYLES = {"good": "green", "bad": "bold red", "faint": "dim", "plain": ""}


def print_sections(sections: Sequence[Section]) -> None:
    """Print tables and notes to stdout."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        # a pipe has no width of its own; figures must not be cut
        console.width = 200
    for section in sections:
        console.print(Text(section.title, style="bold"))
        for name, value in section.facts.items():
            console.print(Text(f"{name}: {value}"))
        for block in section.blocks:
            if isinstance(block, Note):
                console.print(Text(block.text, style=_STYLES[block.tone]))
            elif isinstance(block, Table):
                _print_table(console, block)


def _print_table(console: object, table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD)
    first: Sequence[Cell] = table.rows[0] if table.rows else ()
    for position, name in enumerate(table.head):
        numeric = position < len(first) and first[position].number
        shown.add_column(name, justify="right" if numeric else "left")
    for row in table.rows:
        shown.add_row(*(Text(cell.text, style=_STYLES[cell.tone]) for cell in row))
    if isinstance(console, Console):
        console.print(shown)
