"""Each optimization, with and without."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Bars, Block, Cell, Note, Section, Table, number, text


def flag_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """A row a measurement, then the ratios as bars."""
    found = document["flags"]
    size = document["dataset"]
    head = ["left out", "measured", "with, ms", "without, ms", "without / with", "95 %"]
    ratios: dict[str, dict[str, float]] = {
        f"{each['flag']}: {each['title']}": {"without / with": each["ratio"]} for each in found
    }
    blocks: list[Block] = [
        Note(
            f"{size['rows']:,} rows, {size['days']} trading days; the same program with everything "
            "and with one optimization left out by OI_WITHOUT, asked in turns."
        ),
        Table(head, [_row(each) for each in found]),
        Bars("Times longer without", "×", ratios),
    ]
    return [Section("What each optimization is worth", blocks, document["arguments"])]


def _row(each: Mapping[str, Any]) -> list[Cell]:
    interval = "–" if each["low"] is None else f"{each['low']:.2f} – {each['high']:.2f}"
    return [
        text(each["flag"]),
        text(each["title"]),
        number(each["with_ms"]),
        number(each["without_ms"]),
        number(each["ratio"], suffix=" ×", tone="good" if each["ratio"] >= 1 else "bad"),
        text(interval),
    ]
