"""All contenders side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Bars, Block, Cell, Note, Section, Table, Tone, number, text


def peer_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Ratios to the floor first, then times and sizes."""
    names = [contender["name"] for contender in document["contenders"]]
    queries = document["queries"]
    wrong: list[Block] = [
        Note(f"{query['title']}, {name}: the rows differ – {difference}.", "bad")
        for query in queries
        for name, difference in query["differences"].items()
    ]
    size = document["dataset"]
    blocks: list[Block] = [
        Note(
            f"{size['rows']:,} rows, {size['days']} trading days. Times as multiples of the floor: "
            "the same rows by primary key from a table that holds nothing else."
        ),
        Table(["query", "floor ms", *names], [_floors(query, names) for query in queries]),
        *wrong,
        Bars("Times the floor", "×", {query["title"]: query["floors"] for query in queries}),
        Table(["query, ms", *names], [_times(query, names) for query in queries]),
        Table(
            ["contender", "size MiB"],
            [[text(c["name"]), number(c["size_bytes"] / 2**20)] for c in document["contenders"]],
        ),
    ]
    return [Section("Peers on the same history", blocks, document["arguments"])]


def _floors(query: Mapping[str, Any], names: Sequence[str]) -> list[Cell]:
    best = min(query["floors"].values())
    cells = [text(query["title"]), number(query["floor_ms"])]
    for name in names:
        tone: Tone = "good" if query["floors"][name] == best else "plain"
        cells.append(number(query["floors"][name], suffix=" ×", tone=tone))
    return cells


def _times(query: Mapping[str, Any], names: Sequence[str]) -> list[Cell]:
    return [text(query["title"]), *(number(query["ms"][name]) for name in names)]
