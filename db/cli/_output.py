"""How commands print: JSON for scripts, aligned text for people."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import click

as_json_option: Callable[..., Any] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON."
)


def json_text(value: object) -> str:
    """JSON with sorted keys; times and everything else without a JSON form as text."""
    return json.dumps(value, indent=2, sort_keys=True, default=str)


def duration_text(seconds: float | None) -> str:
    """Seconds as 1:02:03; – for unknown."""
    return "–" if seconds is None else str(timedelta(seconds=round(seconds)))


def table_text(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their widest cell; None is –."""
    cells = [[*headings], *(["–" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )
    return "\n".join(lines)
