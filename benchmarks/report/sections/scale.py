"""Curves over the size of history."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import (
    Block,
    Cell,
    Columns,
    Lines,
    Note,
    Section,
    Table,
    Tone,
    number,
    text,
)

_TARGET = "≤ 1.1 ×"


def scale_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Growth of each read, then what a size costs, then the plans."""
    sizes, command = document["sizes"], document["arguments"]
    title = f"Growth from {sizes[0]['rows']:,} to {sizes[-1]['rows']:,} rows"
    return [
        Section(title, [*_notes(document), _growth(document), *_charts(sizes)], command),
        Section("What a size costs", [_costs(sizes), *_cost_charts(sizes)], command),
        Section("Plans from the smallest to the largest history", _plans(sizes), command),
    ]


def _notes(document: Mapping[str, Any]) -> list[Block]:
    missed = [grown["title"] for grown in document["growth"] if not grown["met"]]
    verdict = f"missed by {', '.join(missed)}" if missed else "met by every read"
    wrong = [
        f"{query['title']} at {size['rows']:,} rows"
        for size in document["sizes"]
        for query in size["queries"]
        if not query["same_rows"]
    ]
    return [
        Note(f"Target: growth {_TARGET}: {verdict}.", "bad" if missed else "good"),
        Note(
            "The newest days are asked at every size, in turn with the smallest history, so that "
            "growth is a ratio of times taken side by side; in brackets its 95 % interval."
        ),
        *(Note(f"Rows differ from the smallest history's: {one}.", "bad") for one in wrong),
        *(
            Note(f"Not measured at {size['rows']:,} rows: {size['reason']}", "bad")
            for size in document["too_large"]
        ),
    ]


def _growth(document: Mapping[str, Any]) -> Table:
    sizes = document["sizes"]
    head = ["query", *(f"{size['rows'] / 1e6:.3g} M, floors" for size in sizes)]
    head += ["grew by", "95 %", "target", "planning by", "pages by"]
    rows = []
    for position, grown in enumerate(document["growth"]):
        tone: Tone = "good" if grown["met"] else "bad"
        low, high = grown["times_95"]
        rows.append(
            [
                text(grown["title"]),
                *(number(size["queries"][position]["floors"], suffix=" ×") for size in sizes),
                Cell(f"{grown['times']:.2f} ×", tone, number=True),
                Cell(f"{low:.2f}–{high:.2f}", number=True),
                Cell(f"{'met' if grown['met'] else 'missed'}: {_TARGET}", tone),
                number(grown["planning"], suffix=" ×"),
                number(grown["buffers"], suffix=" ×"),
            ]
        )
    return Table(head, rows)


def _charts(sizes: Sequence[Mapping[str, Any]]) -> list[Block]:
    return [
        Lines("Client time in floors", "rows", "floors", _curves(sizes, lambda q: q["floors"])),
        Lines("Planning", "rows", "ms", _curves(sizes, lambda q: q["planning_ms"])),
        Lines("Pages touched", "rows", "8 KiB pages", _curves(sizes, lambda q: q["buffers"])),
    ]


def _costs(sizes: Sequence[Mapping[str, Any]]) -> Table:
    head = ["rows", "trading days", "size GiB", "bytes a row", "loaded rows/s", "grown rows/s"]
    head += ["snapshot ms", "on the smallest", "refresh ms", "on the smallest"]
    return Table(
        head,
        [
            [
                number(size["rows"]),
                number(size["days"]),
                number(size["size_bytes"] / 2**30),
                number(size["size_bytes"] / size["rows"]),
                number(size["load_rows_per_s"]),
                number(size["grown_rows_per_s"]),
                number(size["snapshot_ms"]),
                number(size["smallest_snapshot_ms"]),
                number(size["refresh_ms"]),
                number(size["smallest_refresh_ms"]),
            ]
            for size in sizes
        ],
    )


def _cost_charts(sizes: Sequence[Mapping[str, Any]]) -> list[Block]:
    def curve(key: str, unit: float = 1.0) -> list[tuple[float, float]]:
        return [(size["rows"], size[key] / unit) for size in sizes]

    writing = {
        "snapshot committed": curve("snapshot_ms"),
        "on the smallest, in turn": curve("smallest_snapshot_ms"),
        "rollups refreshed": curve("refresh_ms"),
        "on the smallest, in turn ": curve("smallest_refresh_ms"),
    }
    return [
        Lines("Storing one snapshot", "rows", "ms", writing),
        Lines("Size of the database", "rows", "GiB", {"size": curve("size_bytes", 2**30)}),
    ]


def _plans(sizes: Sequence[Mapping[str, Any]]) -> list[Block]:
    first, last = sizes[0], sizes[-1]
    blocks: list[Block] = []
    for old, new in zip(first["queries"], last["queries"], strict=True):
        same = old["fingerprint"] == new["fingerprint"]
        title = f"{new['title']}: {'same shape' if same else 'another shape'}"
        sides = {_caption(first, old): _shape(old), _caption(last, new): _shape(new)}
        blocks.append(Columns(title, sides))
    return blocks


def _caption(size: Mapping[str, Any], query: Mapping[str, Any]) -> str:
    return (
        f"{size['rows']:,} rows: {query['buffers']} buffers, {query['chunks']} chunks, planning "
        f"{query['planning_ms']:.2f} ms, {query['planning_buffers']} buffers"
    )


def _shape(query: Mapping[str, Any]) -> str:
    return "\n\n".join("\n".join(lines) for lines in query["shape"])


def _curves(
    sizes: Sequence[Mapping[str, Any]], value: Callable[[Mapping[str, Any]], float]
) -> Mapping[str, Sequence[tuple[float, float]]]:
    titles = [query["title"] for query in sizes[0]["queries"]]
    return {
        title: [(size["rows"], value(size["queries"][position])) for size in sizes]
        for position, title in enumerate(titles)
    }
