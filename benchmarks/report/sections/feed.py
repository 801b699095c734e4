"""The broker's feed: at full width, and through a day of faults."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Block, Cell, Note, Section, Table, number, text

_MOST_MS, _LEAST_PACKETS = 250.0, 100_000
_FLAT_SHARE = 0.1
_HELD = (
    *("at", "memory (MiB)", "threads", "descriptors"),
    *("web: memory (MiB)", "web: threads", "web: descriptors"),
)


def feed_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Ticks to commits and to a browser, what was stored, and the decoder alone."""
    lag_ms, decoded = document["tick_to_commit_p99_ms"], document["decode_packets_per_s"]
    return [
        Section(
            "The broker's feed",
            [
                Note(
                    f"{document['contracts']:,} contracts, {document['ticks_per_s']:,} ticks/s: a "
                    f"tick is committed after {document['tick_to_commit_p50_ms']:.0f} ms (p99 "
                    f"{lag_ms:.0f}; target: < {_MOST_MS:.0f}); at most {document['queue_max']} "
                    "snapshots waited when the next chains came.",
                    "good" if lag_ms < _MOST_MS and not document["queue_max"] else "bad",
                ),
                *_browser(document),
                _stored(document),
                Note(
                    f"One core decodes {decoded:,} full packets a second (target: ≥ "
                    f"{_LEAST_PACKETS:,}).",
                    "good" if decoded >= _LEAST_PACKETS else "bad",
                ),
            ],
            document["arguments"],
        )
    ]


def day_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """A day with its faults: what was stored, what pages said, what was held."""
    held = document["held"]
    played = Note(
        f"{document['day']} to {document['until']} at {document['speed']:g} times its pace, "
        f"{document['contracts']:,} contracts, {len(document['faults'])} faults; "
        f"{document['marks_missing']:,} of {document['marks']:,} marks are missing."
    )
    official = Note(
        f"The official client read {document['official_ticks']:,} ticks, "
        f"{document['official_unsent']} of them never sent.",
        "bad" if document["official_unsent"] else "good",
    )
    blocks: list[Block] = [
        *(played, _stored(document), official, _pages(document), *_kept(document)),
        Table(_HELD, [_held(row) for row in held]),
    ]
    return [Section("A day of the broker's feed", blocks, document["arguments"])]


def _pages(document: Mapping[str, Any]) -> Note:
    aged = document["ages_too_young"] + document["ages_too_old"]
    wrong = aged + document["pages_failed"] + document["pages_empty"]
    return Note(
        f"{document['pages']:,} pages opened at random: {document['pages_failed']} failed, "
        f"{document['pages_empty']} empty, {aged} of a wrong age; p99 "
        f"{document['page_p99_ms']:.0f} ms.",
        "bad" if wrong else "good",
    )


def _kept(document: Mapping[str, Any]) -> Sequence[Note]:
    """What was left behind, and how memory grew."""
    threads, descriptors = document["threads_leaked"], document["descriptors_leaked"]
    last = document["held"][-1]
    is_flat = all(
        abs(document[f"{name}_growth_mib"]) < _FLAT_SHARE * last[f"{name}_mib"]
        for name in ("rss", "web_rss")
    )
    return [
        Note(
            f"Left behind: {threads} threads, {descriptors} descriptors.",
            "bad" if threads + descriptors else "good",
        ),
        Note(
            f"Memory grew by {document['rss_growth_mib']} MiB (collector) and "
            f"{document['web_rss_growth_mib']} MiB (web) from the middle of the day to its end.",
            "good" if is_flat else "bad",
        ),
    ]


def _held(row: Mapping[str, Any]) -> Sequence[Cell]:
    at, *figures = row.values()
    return [text(at), *(number(figure) for figure in figures)]


def _browser(document: Mapping[str, Any]) -> Sequence[Note]:
    lag_ms = document.get("tick_to_browser_p99_ms")
    if lag_ms is None:
        return []
    half_ms = document["tick_to_browser_p50_ms"]
    return [
        Note(f"A page has its frame {half_ms:.0f} ms after the tick was sent (p99 {lag_ms:.0f}).")
    ]


def _stored(document: Mapping[str, Any]) -> Note:
    is_whole = document["rows_stored"] == document["rows_sent"]
    is_right = is_whole and not document["rows_doubled"] and not document["rows_wrong"]
    return Note(
        f"Of {document['rows_sent']:,} rows sent {document['rows_stored']:,} are stored, "
        f"{document['rows_doubled']} twice, {document['rows_wrong']} wrong.",
        "good" if is_right else "bad",
    )
