"""The broker's feed at full width."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Note, Section

_MOST_MS, _LEAST_PACKETS = 250.0, 100_000


def feed_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Ticks to commits, what was stored, and the decoder alone."""
    lag_ms, decoded = document["tick_to_commit_p99_ms"], document["decode_packets_per_s"]
    is_whole = document["rows_stored"] == document["rows_sent"]
    is_right = is_whole and not document["rows_doubled"] and not document["rows_wrong"]
    return [
        Section(
            "The broker's feed",
            [
                Note(
                    f"{document['contracts']:,} contracts, {document['ticks_per_s']:,} ticks/s: a "
                    f"tick is committed after {document['tick_to_commit_p50_ms']:.0f} ms (p99 "
                    f"{lag_ms:.0f}; target: < {_MOST_MS:.0f}); at most {document['queue_max']} "
                    "snapshots waited.",
                    "good" if lag_ms < _MOST_MS else "bad",
                ),
                Note(
                    f"Of {document['rows_sent']:,} rows sent {document['rows_stored']:,} are "
                    f"stored, {document['rows_doubled']} twice, {document['rows_wrong']} wrong.",
                    "good" if is_right else "bad",
                ),
                Note(
                    f"One core decodes {decoded:,} full packets a second (target: ≥ "
                    f"{_LEAST_PACKETS:,}).",
                    "good" if decoded >= _LEAST_PACKETS else "bad",
                ),
            ],
            document["arguments"],
        )
    ]
