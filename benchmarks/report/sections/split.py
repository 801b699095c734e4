"""Where the time of each read goes, beside that of its floor."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Cell, Note, Section, Table, number, text

PARTS = {
    "round_trips_ms": "round trips",
    "planning_ms": "planning",
    "start_ms": "executor start",
    "running_ms": "running",
    "sending_ms": "rows and wire",
    "python_ms": "Python",
}
_TITLE = "Where the time of a read goes"
# below it a difference is noise
_SEEN_MS = 0.01
_NAMED = 3


def split_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a query: by part ms of the read and, in brackets, of its floor."""
    queries = [query for query in document["queries"] if "split" in query]
    if not queries:
        return []
    head = ["query", "statements", "plans kept", *PARTS.values()]
    note = Note(
        "Milliseconds of the read and, in brackets, of its floor; medians of single runs. A round "
        f"trip is `SELECT 1`, {document['round_trip_ms']:.3f} ms. Planning holds what is spent on "
        "leaving chunks out; a plan that is kept has none. Rows and wire: what is left of waiting."
    )
    rows = [_row(query) for query in queries]
    return [Section(_TITLE, [note, Table(head, rows)], document["arguments"])]


def _row(query: Mapping[str, Any]) -> list[Cell]:
    after, floor = (query["split"][side] for side in ("after", "floor"))
    parts = [Cell(f"{after[key]:.2f} ({floor[key]:.2f})", number=True) for key in PARTS]
    counts = [number(after[key]) for key in ("statements", "kept")]
    return [text(query["title"]), *counts, *parts]


def excess(query: Mapping[str, Any], over: str) -> str:
    """In which parts a read takes longer than its floor, or than before; the largest first."""
    sides = query.get("split")
    if not sides:
        return ""
    more = sorted(_more(sides["after"], sides[over]), reverse=True)
    return ", ".join(f"{name} +{ms:.2f} ms" for ms, name in more[:_NAMED])


def _more(after: Mapping[str, float], other: Mapping[str, float]) -> Iterator[tuple[float, str]]:
    for key, name in PARTS.items():
        if after[key] - other[key] > _SEEN_MS:
            yield after[key] - other[key], name
