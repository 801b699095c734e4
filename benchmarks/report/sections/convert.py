"""The way to head and back under traffic and kills."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import (
    Bars,
    Block,
    Cell,
    Note,
    Section,
    Table,
    Tone,
    number,
    text,
)

_LIMIT_MS, _TARGET_MS = 100, 30
_WIDTH = 40


def convert_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """The ways first, then how long statements took, then each revision's part in it."""
    ways = document["ways"]
    blocks: list[Block] = [
        _verdict(document),
        *_alone(document.get("alone")),
        _ways(ways),
        *_histogram(ways),
        *_failures(ways),
    ]
    for position, way in enumerate(ways, 1):
        blocks += [Note(f"{_name(position, way)}, revision by revision:"), _revisions(way)]
    blocks += [*_slowest(document["slowest"]), *_lock_waits(document["lock_waits"])]
    return [Section("Upgrade and downgrade of a live database", blocks, document["arguments"])]


def _verdict(document: Mapping[str, Any]) -> Note:
    worst, elsewhere = document["longest_block_ms"], document["longest_elsewhere_ms"]
    good = worst <= _LIMIT_MS and not document["rows_lost"] and not document["rows_doubled"]
    return Note(
        f"{document['rows']:,} rows with a writer and a reader that never stopped: longest "
        f"statement {worst:.0f} ms (a bystander's SELECT 1 {elsewhere:.0f} ms), "
        f"{document['kills_survived']} of {document['kills']} kills hit "
        f"a running migration and were survived, {document['rows_lost']} rows lost, "
        f"{document['rows_doubled']} doubled; the chain's conversion ran at "
        f"{document['rows_per_s']:,} rows/s.",
        "good" if good else "bad",
    )


def _alone(alone: Mapping[str, Any] | None) -> list[Block]:
    """What the same statements met before anything was upgraded; older results do not know."""
    if alone is None or alone["longest_block_ms"] is None:
        return []
    elsewhere = number(alone["longest_elsewhere_ms"]).text
    return [
        Note(
            f"The {alone['duration_s']:.0f} s before, with nothing but this traffic: longest "
            f"statement {alone['longest_block_ms']:.0f} ms (the bystander's {elsewhere} ms)."
        )
    ]


def _ways(ways: Sequence[Mapping[str, Any]]) -> Table:
    head = ["way", "s", "s at work", "conversion rows/s", "longest block ms", "elsewhere ms"]
    head += ["lock wait ms", "kills survived", "lost", "doubled", "failed", "WAL B/row"]
    return Table(head, [_way(position, way) for position, way in enumerate(ways, 1)])


def _way(position: int, way: Mapping[str, Any]) -> list[Cell]:
    return [
        text(_name(position, way)),
        *(number(way[key]) for key in ("duration_s", "working_s", "rows_per_s")),
        _block(way["longest_block_ms"]),
        number(way["longest_elsewhere_ms"]),
        number(way["longest_lock_wait_ms"]),
        number(way["kills_survived"]),
        *(
            number(way[key], tone="good" if way[key] == 0 else "bad")
            for key in ("rows_lost", "rows_doubled", "statements_failed")
        ),
        number(way["wal_bytes_per_row"]),
    ]


def _name(position: int, way: Mapping[str, Any]) -> str:
    return f"{position}. {way['way']} to {way['target']}"


def _histogram(ways: Sequence[Mapping[str, Any]]) -> list[Block]:
    """How many statements took how long, drawn for every reader of the report."""
    counts = {kind: _summed(ways, f"{kind}_histogram_ms") for kind in ("writes", "reads")}
    borders = list(counts["writes"])
    most = max(1, *(sum(count[border] for count in counts.values()) for border in borders))
    rows = [
        [
            text(_label(border)),
            number(counts["writes"][border]),
            number(counts["reads"][border]),
            text(_bar(counts["writes"][border] + counts["reads"][border], most)),
        ]
        for border in borders
    ]
    drawn = {
        _label(border): {kind: float(count[border]) for kind, count in counts.items()}
        for border in borders
    }
    return [
        Note("How long their statements took, all ways together:"),
        Table(["statement", "writes", "reads", "both (length by the logarithm)"], rows),
        Bars("Statements by duration", "", drawn),
    ]


def _summed(ways: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    return {border: sum(way[key][border] for way in ways) for border in ways[0][key]}


def _label(border: str) -> str:
    return "longer" if border == "more" else f"{border} ms"


def _bar(count: int, most: int) -> str:
    """A bar by the number of digits, so that a single statement can still be seen."""
    import math

    if not count:
        return ""
    return "█" * max(1, round(_WIDTH * math.log(count + 1) / math.log(most + 1)))


def _revisions(way: Mapping[str, Any]) -> Table:
    head = ["revision", "from s", "s", "s at work", "kills", "longest write ms", "longest read ms"]
    head += ["elsewhere ms", "lock wait ms", "behind", "WAL MiB"]
    return Table(
        head,
        [
            [
                text(one["revision"]),
                *(number(one[key]) for key in ("started_s", "duration_s", "working_s", "kills")),
                *(_block(one[key]) for key in ("longest_write_ms", "longest_read_ms")),
                number(one["longest_elsewhere_ms"]),
                number(one["longest_lock_wait_ms"]),
                text(one["lock_held_by"]),
                number(one["wal_bytes"] / 2**20),
            ]
            for one in way["revisions"]
        ],
    )


def _failures(ways: Sequence[Mapping[str, Any]]) -> list[Block]:
    failed = [Note(f"Failed: {words}", "bad") for way in ways for words in way["failures"]]
    stopped = [Note(f"A start ended: {words}") for way in ways for words in way["stops"]]
    return [*failed, *stopped]


def _slowest(slowest: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What kept the longest statements, by what the server said of them every 10 ms."""
    rows = [
        [
            _block(one["stood_ms"]),
            text(", ".join(f"{doing} {looks} ×" for doing, looks in one["looks"].items())),
            number(one.get("disk_stood_ms")),
            number(one["lock_ms"]),
            text(one["holder"]),
        ]
        for one in slowest
    ]
    head = ["seen for ms", "doing, looked at every 10 ms", "disk stood ms"]
    head += ["lock wait ms", "behind"]
    return [
        Note(
            "The longest statements as the server showed them. The disk stood while it completed "
            f"nothing of what it was asked for{_disk_alone(slowest)}:"
        ),
        Table(head, rows),
    ]


def _disk_alone(slowest: Sequence[Mapping[str, Any]]) -> str:
    """Of those over the limit, how many had nothing to wait for but a disk that stood."""
    over = [one for one in slowest if one["stood_ms"] > _LIMIT_MS]
    if not over:
        return ""
    alone = [one for one in over if (one.get("disk_stood_ms") or 0.0) > one["stood_ms"] - _LIMIT_MS]
    return (
        f"; without that, {len(over) - len(alone)} of the {len(over)} over {_LIMIT_MS} ms would "
        "have been"
    )


def _lock_waits(waits: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not waits:
        return [Note("No statement was seen waiting for a lock, looking every 10 ms.")]
    rows = [[number(wait["lock_ms"]), text(wait["holder"])] for wait in waits]
    return [
        Note("The longest waits for locks that were seen, looking every 10 ms:"),
        Table(["waited ms", "behind"], rows),
    ]


def _block(value_ms: float | None) -> Cell:
    if value_ms is None:
        return number(None)
    tone: Tone = "good" if value_ms <= _TARGET_MS else "plain"
    return number(value_ms, tone="bad" if value_ms > _LIMIT_MS else tone)
