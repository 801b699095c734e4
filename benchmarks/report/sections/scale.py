"""Curves over the size of history."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Cell, Lines, Section, Table, Tone, number, text

_MAX_GROWTH = 1.1


def scale_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Growth of each read, then what a size costs."""
    sizes = document["sizes"]
    return [
        Section(
            f"Growth from {sizes[0]['rows']:,} to {sizes[-1]['rows']:,} rows",
            [
                _growth(document),
                Lines("Client time", "rows", "ms", _curves(sizes, lambda q: q["ms"])),
                Lines("Pages touched", "rows", "buffers", _curves(sizes, lambda q: q["buffers"])),
                _costs(sizes),
            ],
            document["arguments"],
        )
    ]


def _growth(document: Mapping[str, Any]) -> Table:
    sizes = document["sizes"]
    head = ["query", *(f"{size['rows'] / 1e6:.3g} M, ms" for size in sizes), "grew by", "pages by"]
    rows = []
    for position, grown in enumerate(document["growth"]):
        tone: Tone = "good" if grown["times"] <= _MAX_GROWTH else "bad"
        times = [number(size["queries"][position]["ms"]) for size in sizes]
        rows.append(
            [
                text(grown["title"]),
                *times,
                Cell(f"{grown['times']:.2f} ×", tone, number=True),
                number(grown["buffers"], suffix=" ×"),
            ]
        )
    return Table(head, rows)


def _costs(sizes: Sequence[Mapping[str, Any]]) -> Table:
    head = ["rows", "trading days", "size GiB", "load rows/s", "snapshot ms", "refresh ms"]
    return Table(
        head,
        [
            [
                number(size["rows"]),
                number(size["days"]),
                number(size["size_bytes"] / 2**30),
                number(size["load_rows_per_s"]),
                number(size["snapshot_ms"]),
                number(size["refresh_ms"]),
            ]
            for size in sizes
        ],
    )


def _curves(
    sizes: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float]
) -> Mapping[str, Sequence[tuple[float, float]]]:
    titles = [query["title"] for query in sizes[0]["queries"]]
    return {
        title: [(size["rows"], value(size["queries"][position])) for size in sizes]
        for position, title in enumerate(titles)
    }
