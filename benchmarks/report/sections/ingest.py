"""Ways to store a snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Bars, Note, Section, Table, number, text


def ingest_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a way, then what the rollups take."""
    head = ["way", "p50 ms", "p95 ms", "p99 ms", "rows/s"]
    ways = document["ways"]
    rows = [
        [text(name), *(number(way[key]) for key in ("p50_ms", "p95_ms", "p99_ms", "rows_per_s"))]
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
                    f"A rollup shows the row {visible['p50_ms']:.2f} ms after its commit (p99 "
                    f"{visible['p99_ms']:.2f}); refreshing all rollups after a snapshot takes "
                    f"{refresh['p50_ms']:.2f} ms (p99 {refresh['p99_ms']:.2f}). A day of all "
                    f"exchanges in bulk, live edge and rollups kept: {bulk['rows_per_s']:,} rows/s."
                ),
            ],
            document["arguments"],
        )
    ]
