"""What timing costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Section, Table, number, text

_MOST = 1.02


def overhead_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Each path with and without."""
    head = ["path", "timed, µs", "not, µs", "ratio", "CPU, µs", "timing adds, µs", "ratio of CPU"]
    rows = [
        [
            text(path["path"]),
            number(path["with_us"]),
            number(path["without_us"]),
            number(path["answer_ratio"], 3),
            number(path["cpu_us"]),
            number(path["cost_us"]),
            number(path["cpu_ratio"], 3, tone="good" if path["cpu_ratio"] <= _MOST else "bad"),
        ]
        for path in document["paths"]
    ]
    return [Section("Cost of timing", [Table(head, rows)], document["arguments"])]
