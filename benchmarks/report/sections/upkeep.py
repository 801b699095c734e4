"""Conversion and archive."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Block, Note, Section, Table, Tone, number, text

_LIMIT_MS = 100


def convert_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Both ways, then how long statements took meanwhile."""
    ways = {"to hypertable": document, "back to plain": document["downgrade"]}
    head = ["way", "rows", "s", "rows/s", "longest block ms", "kills survived", "lost", "doubled"]
    head += ["failed", "WAL B/row"]
    rows = [
        [
            text(name),
            *(number(way[key]) for key in ("rows", "duration_s", "rows_per_s")),
            number(way["longest_block_ms"], tone=_tone(way["longest_block_ms"] <= _LIMIT_MS)),
            number(way["kills_survived"]),
            *(
                number(way[key], tone=_tone(way[key] == 0))
                for key in ("rows_lost", "rows_doubled", "statements_failed")
            ),
            number(way["wal_bytes_per_row"]),
        ]
        for name, way in ways.items()
    ]
    borders = list(document["histogram_ms"])
    counts = [
        [text(name), *(number(way["histogram_ms"][border]) for border in borders)]
        for name, way in ways.items()
    ]
    blocks: list[Block] = [
        Table(head, rows),
        Note("Statements of a reader and a writer that never stopped, by ms:"),
        Table(["way", *borders], counts),
    ]
    return [Section("Online conversion", blocks, document["arguments"])]


def archive_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """What moved, and what reading from there takes."""
    read = document["as_of_archived_ms"]
    head = ["chunks", "rows", "s", "rows/s", "WAL B/row", "size MiB", "rows lost", "as of, p50 ms"]
    row = [
        *(number(document[key]) for key in ("chunks", "rows", "duration_s", "rows_per_s")),
        number(document["wal_bytes_per_row"]),
        number(document["size_change_bytes"] / 2**20),
        number(document["rows_lost"], tone=_tone(document["rows_lost"] == 0)),
        number(read["p50_ms"]),
    ]
    table = Table([*head, "p99 ms"], [[*row, number(read["p99_ms"])]])
    return [Section("Archive", [table], document["arguments"])]


def _tone(good: bool) -> Tone:
    return "good" if good else "bad"
