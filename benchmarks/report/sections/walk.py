"""What each revision costs and brings."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from benchmarks.report.blocks import Block, Cell, Columns, Note, Section, Table, Tone, number, text

_MIB = 2**20


def walk_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Cost of each migration, times a revision, and the plans that changed."""
    command = document["arguments"]
    size = document["dataset"]
    slower = {(found["revision"], found["name"]) for found in document["slower"]}
    lost = document["rows_lost"]
    rows = Note(
        f"{size['rows']:,} rows, {size['days']} trading days; rows lost on the way up and down: "
        f"{lost}.",
        "bad" if lost else "plain",
    )
    return [
        Section("Cost of each revision", [rows, _costs(document)], command),
        Section(
            "Each query at each revision",
            [
                Note("Milliseconds; red where a revision made a query slower than it was before."),
                _times(document["revisions"], slower),
            ],
            command,
        ),
        Section("Plans that changed on the way", _changed(document["revisions"]), command),
    ]


def _costs(document: Mapping[str, Any]) -> Table:
    head = ["revision", "way", "s", "longest block ms", "WAL MiB", "size MiB", "errors"]
    up = [(entry, "up") for entry in document["revisions"] if entry["cost"]]
    down = [(entry, "down") for entry in document["downgrades"]]
    return Table(head, [_cost_row(entry, way) for entry, way in up + down])


def _cost_row(entry: Mapping[str, Any], way: str) -> list[Cell]:
    cost = entry["cost"]
    blocked: Tone = "bad" if cost["longest_block_ms"] > 100 else "plain"
    return [
        text(entry["revision"]),
        text(way),
        number(cost["duration_s"]),
        number(cost["longest_block_ms"], tone=blocked),
        number(cost["wal_bytes"] / _MIB),
        number(cost["size_bytes"] / _MIB),
        Cell("; ".join(cost["errors"]) or "none", "bad" if cost["errors"] else "plain"),
    ]


def _times(revisions: Sequence[Mapping[str, Any]], slower: set[tuple[str, str]]) -> Table:
    head = ["query", *(entry["revision"].partition("_")[0] for entry in revisions)]
    first = revisions[0]["queries"]
    rows = []
    for position, query in enumerate(first):
        row = [text(query["title"])]
        for entry in revisions:
            now = entry["queries"][position]
            red = (entry["revision"], now["name"]) in slower
            row.append(number(now["ms"], tone="bad" if red else "plain"))
        rows.append(row)
    return Table(head, rows)


def _changed(revisions: Sequence[Mapping[str, Any]]) -> list[Block]:
    blocks: list[Block] = []
    for older, newer in pairwise(revisions):
        known = {query["name"]: query for query in older["queries"]}
        for query in newer["queries"]:
            was = known[query["name"]]
            if was["fingerprint"] != query["fingerprint"]:
                title = f"{newer['revision']}: {query['title']}"
                sides = {
                    _caption("before", was): _shape(was),
                    _caption("after", query): _shape(query),
                }
                blocks.append(Columns(title, sides))
    return blocks


def _caption(name: str, query: Mapping[str, Any]) -> str:
    return (
        f"{name}: {query['asked_by']}, {query['ms']:.3g} ms, {query['buffers']} buffers, "
        f"{query['chunks']} chunks"
    )


def _shape(query: Mapping[str, Any]) -> str:
    return "\n\n".join("\n".join(lines) for lines in query["shape"])
