"""What timing costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Section, Table, number, text

_MOST = 1.02


def overhead_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Each request with and without: whole, and the part that is ours."""
    tables = [_wire(document["wire"]), _paths(document["paths"])]
    return [Section("Cost of timing", tables, document["arguments"])]


def _wire(found: Sequence[Mapping[str, Any]]) -> Table:
    head = [
        *("request over HTTP", "timed, a second", "not, a second", "ratio of time", "95 %"),
        *("CPU, µs", "ratio of CPU", "95 %"),
    ]
    rows = [
        [
            text(each["request"]),
            number(each["requests_per_s"]),
            number(each["requests_per_s_without"]),
            number(each["clock_ratio"], 3),
            text(_interval(each["clock_ratio_95"])),
            number(each["cpu_us"]),
            number(each["cpu_ratio"], 3, tone="good" if each["cpu_ratio"] <= _MOST else "bad"),
            text(_interval(each["cpu_ratio_95"])),
        ]
        for each in found
    ]
    return Table(head, rows)


def _interval(found: Sequence[float]) -> str:
    low, high = found
    return f"{low:.3f}–{high:.3f}"


def _paths(found: Sequence[Mapping[str, Any]]) -> Table:
    head = [
        "within WSGI",
        "timed, µs",
        "not, µs",
        "ratio",
        "CPU, µs",
        "timing adds, µs",
        "ratio of CPU",
    ]
    rows = [
        [
            text(path["path"]),
            number(path["with_us"]),
            number(path["without_us"]),
            number(path["answer_ratio"], 3),
            number(path["cpu_us"]),
            number(path["cost_us"]),
            number(path["cpu_ratio"], 3),
        ]
        for path in found
    ]
    return Table(head, rows)
