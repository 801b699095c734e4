"""Both ways to forget."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Note, Section, Table, number, text

_MIB = 2**20


def retention_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a way."""
    head = ["way", "s", "rows removed", "WAL MiB", "freed MiB"]
    rows = [
        [
            text(title),
            number(document[key]["total_s"]),
            number(document[key]["rows_removed"]),
            number(document[key]["wal_bytes"] / _MIB),
            number(document[key]["freed_bytes"] / _MIB),
        ]
        for key, title in (("delete", "DELETE, then VACUUM"), ("drop_chunks", "drop_chunks"))
    ]
    size = document["dataset"]
    note = Note(
        f"The older half of {size['rows']:,} rows: dropping chunks is "
        f"{document['faster_by']:,.0f} × faster (target: ≥ 100 ×); before each way: "
        f"{document.get('temperature', 'just loaded')}.",
        "good" if document["faster_by"] >= 100 else "bad",
    )
    return [
        Section("Retention", [note, Table(head, rows), *_split(document)], document["arguments"])
    ]


def _split(document: Mapping[str, Any]) -> Sequence[Note]:
    """What dropping chunks spends its time on."""
    dropped = document["drop_chunks"]
    if "commit_s" not in dropped:
        return []
    statement_ms, commit_ms = (1000 * dropped[key] for key in ("drop_s", "commit_s"))
    removed_mib = dropped["freed_bytes"] / _MIB
    return [
        Note(
            f"Of drop_chunks {statement_ms:.1f} ms are the statement, which is the same for any "
            f"number of rows, and {commit_ms:.1f} ms the commit, in which the file system removes "
            f"{removed_mib:,.0f} MiB of files."
        )
    ]
