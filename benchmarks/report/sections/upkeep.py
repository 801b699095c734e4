"""Archive."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Section, Table, Tone, number


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
