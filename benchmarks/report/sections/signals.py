"""What signals cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Note, Section, Table, number, text


def signal_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Pages with and without signals, then the predictions themselves."""
    seen = [page["request"] for page in document["pages"] if page["is_seen"]]
    verdict = f"Signals slow {', '.join(seen)}." if seen else "No page is slower by a millisecond."
    note = Note(
        f"{verdict} A model of {document['trees']} rounds of trees is asked about each snapshot of "
        "four chains, one every two seconds, by the collector.",
        "bad" if seen else "good",
    )
    tables = _pages(document), _predictions(document)
    return [Section("Signals", [note, *tables], document["arguments"])]


def _pages(document: Mapping[str, Any]) -> Table:
    head = ["request", "p50 without, ms", "with, ms", "slower by, ms", "ratio", "95 %"]
    head += ["p99 without, ms", "with, ms"]
    return Table(
        head,
        [
            [
                text(page["request"]),
                number(page["off"]["p50_ms"]),
                number(page["on"]["p50_ms"]),
                number(page["slower_ms"], tone="bad" if page["is_seen"] else "good"),
                number(page["ratio"]),
                text("–".join(f"{end:.3g}" for end in page["ratio_95"])),
                number(page["off"]["p99_ms"]),
                number(page["on"]["p99_ms"]),
            ]
            for page in document["pages"]
        ],
    )


def _predictions(document: Mapping[str, Any]) -> Table:
    aim = document["objective_ms"]
    return Table(
        ["a prediction for", "how", "snapshots", "p50 ms", "p99 ms", "aimed at", "slowest ms"],
        [
            [
                text(each["exchange"]),
                text(how),
                number(each["count"]),
                number(each["p50_ms"]),
                number(each["p99_ms"], tone="bad" if each["p99_ms"] > aim else "good"),
                number(aim),
                number(each["max_ms"]),
            ]
            for how in ("alone", "live")
            for each in document[how]
        ],
    )
