"""Ways to store a snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Bars, Cell, Note, Section, Table, number, text

_BEFORE = "legacy tables"
_MOST_TIMES = {"a statement a row, migrated": 1.0, "COPY and one upsert, migrated": 1.25}
_FIGURES = {
    "first ms": "first_ms",
    "p50 ms": "p50_ms",
    "p95 ms": "p95_ms",
    "p99 ms": "p99_ms",
    "rows/s": "rows_per_s",
}
_SHARE_KEYS = ("calls", "self_ms", "total_ms")
# the rest is small change
_SHOWN = 8


def ingest_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a way, then what the rollups take."""
    head = ["way", *_FIGURES, "× legacy", "CPU ms", "× legacy"]
    ways = document["ways"]
    rows = [
        [
            text(name),
            *(number(way.get(key)) for key in _FIGURES.values()),
            _times(name, ways, "p50_ms"),
            number(way.get("cpu_ms")),
            _times(name, ways, "cpu_ms"),
        ]
        for name, way in ways.items()
    ]
    visible, refresh, bulk = (document[key] for key in ("visible_ms", "refresh_ms", "sustained"))
    title = f"Storing a snapshot of {document['rows_per_snapshot']:,} rows, committed"
    return [
        Section(
            title,
            [
                Table(head, rows),
                Bars(
                    "Snapshot", "ms", {name: {"p50": way["p50_ms"]} for name, way in ways.items()}
                ),
                Note(
                    "In turn for each snapshot; the first, which opens the day's chunk, stands by "
                    "itself. The lookup, which the old program asks before each save, and a "
                    "statement a row are sent as its driver sends them, unprepared. A bare "
                    "hypertable is the chain as one, a day a chunk, and nothing else: the least "
                    "that any hypertable costs."
                ),
                Note(
                    f"A rollup shows the row {visible['p50_ms']:.2f} ms after its commit (p99 "
                    f"{visible['p99_ms']:.2f}); refreshing all rollups after a snapshot takes "
                    f"{refresh['p50_ms']:.2f} ms (p99 {refresh['p99_ms']:.2f}). A day of all "
                    f"exchanges in bulk, live edge and rollups kept: {bulk['rows_per_s']:,} rows/s."
                ),
                *_full_width(document.get("full_width")),
            ],
            document["arguments"],
        ),
        *_shares(document.get("functions", {})),
    ]


def _full_width(found: Mapping[str, Any] | None) -> Sequence[Note]:
    """What the widest chains take."""
    if found is None:
        return []
    stored, edge, share = (found[key] for key in ("snapshot_ms", "edge_ms", "edge_share"))
    return [
        Note(
            f"At full width, {found['contracts']:,} contracts, a snapshot is stored in "
            f"{stored['p50_ms']:.1f} ms (p99 {stored['p99_ms']:.1f}); showing it each second, "
            f"not stored, takes {edge['p50_ms']:.1f} ms, {share:.1%} of a core at most."
        )
    ]


def _times(name: str, ways: Mapping[str, Any], key: str) -> Cell:
    """A way on other tables against the same way on the legacy ones."""
    way, _, tables = name.rpartition(", ")
    before = ways.get(f"{way}, {_BEFORE}")
    if before is None or tables == _BEFORE or not before.get(key):
        return text(None)
    times = ways[name][key] / before[key]
    is_met = times <= _MOST_TIMES.get(name, 1.0)
    return number(times, tone="plain" if is_met else "bad", suffix=" ×")


def _shares(functions: Mapping[str, Sequence[Mapping[str, Any]]]) -> Sequence[Section]:
    """By way the functions of the database that take most of it."""
    rows = [
        [text(way), text(each["function"]), *(number(each[key]) for key in _SHARE_KEYS)]
        for way, found in functions.items()
        for each in found[:_SHOWN]
    ]
    if not rows:
        return []
    head = ["way", "function", "calls", "ms by itself", "ms with what it calls"]
    note = Note(
        "Of a snapshot of all exchanges; with every call timed, which makes all of them slower."
    )
    return [Section("What triggers and live edge take of a snapshot", [Table(head, rows), note])]
