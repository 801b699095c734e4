"""Plans against their baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Block, Cell, Code, Note, Section, Table, number, text


def check_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a query, then each finding with what changed."""
    worse = {finding["query"] for finding in document["findings"]}
    head = ["query", "", "shape", "buffers", "chunks", "rows read", "row estimate off by"]
    rows = [_row(name, plan, name in worse) for name, plan in document["plans"].items()]
    blocks: list[Block] = [Table(head, rows)]
    for finding in document["findings"]:
        blocks.append(Note(f"{finding['query']}: {finding['kind']}", "bad"))
        blocks.append(Code(finding["message"]))
    title = f"Plans against the baseline of {document['baseline']}"
    return [Section(title, blocks, command=document["arguments"])]


def _row(name: str, plan: Mapping[str, Any], is_worse: bool) -> list[Cell]:
    return [
        text(name),
        Cell("worse", "bad") if is_worse else Cell("as good", "good"),
        text(plan["fingerprint"]),
        number(plan["buffers"]),
        number(plan["chunks"]),
        number(plan["scanned_rows"]),
        number(plan["row_error"], suffix=" ×"),
    ]
