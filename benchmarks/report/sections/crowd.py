"""Faults on the whole system, a crowd at its dashboard, and hours of both."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Block, Note, Section, Table, Tone, number, text

_PUSH_MS, _RATE, _HALF_MS = 150.0, 1500.0, 20.0
_NONE_OF = (
    *("rows_lost", "rows_doubled", "marks_doubled", "rollups_wrong", "wrong_answers"),
    *("wrong_ages", "orders_lost", "orders_doubled", "orders_kept_though_refused"),
)
_FLAT_MIB, _FLAT = 20.0, 2.0


def chaos_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """What was lost and wrong, and how long each fault was felt."""
    survived = Note(
        f"{document['survived']} of {document['faults']} faults were over within "
        f"{document['objective_s']:g} s of their end (p99 {document['recovery_p99_s']:.1f} s); "
        f"{document['snapshots']:,} snapshots, {document['orders']:,} paper orders.",
        _tone(document["survived"] == document["faults"]),
    )
    bad = {name: document[name] for name in _NONE_OF if document[name]}
    told = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in bad.items())
    by_fault: dict[str, list[float]] = {}
    for one in document["each"]:
        by_fault.setdefault(one["fault"], []).append(one["recovery_s"])
    rows = [
        [text(name), number(len(times)), number(max(times), tone=_tone(max(times) <= 10))]
        for name, times in sorted(by_fault.items())
    ]
    blocks: list[Block] = [
        survived,
        Note(told or "Nothing was lost, doubled or told wrong.", _tone(not bad)),
        Table(["fault", "times", "longest recovery, s"], rows),
        *(Note(f"{name} did not happen: {why}.") for name, why in document["absent"].items()),
        *(Note(line, "bad") for line in (*document["wrong"], *document["wrong_ages_told"])),
    ]
    return [Section("Faults", blocks, document["arguments"])]


def crowd_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Viewers, requests and sign-ins against their targets."""
    data, half = document["data"], document["data_at_half"]
    blocks: list[Block] = [
        Note(
            f"{document['viewers']} viewers have a commit after {document['push_p50_ms']:.0f} ms "
            f"(p99 {document['push_p99_ms']:.0f}; target: < {_PUSH_MS:.0f}); "
            f"{document['lost_viewers']} were lost. The web server took "
            f"{document['server_cpu_percent']:.0f} % of a core, "
            f"{document['server_cpu_ms_per_viewer_s']:.2f} ms a viewer and second.",
            _tone(document["push_p99_ms"] < _PUSH_MS and not document["lost_viewers"]),
        ),
        Note(
            f"/api/data: {data['requests_per_s']:,.0f} requests/s (target: ≥ {_RATE:,.0f}), "
            f"{data['failures']} failed; at half of that p99 is {half['p99_ms']:.1f} ms "
            f"(target: < {_HALF_MS:.0f}).",
            _tone(
                data["requests_per_s"] >= _RATE
                and half["p99_ms"] < _HALF_MS
                and not data["failures"] + half["failures"]
            ),
        ),
        Note(
            f"{document['sign_ins']} people signed in at once, "
            f"{document['sign_in_failures']} in vain.",
            _tone(not document["sign_in_failures"]),
        ),
    ]
    return [Section("A crowd", blocks, document["arguments"])]


def soak_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """What is held, sample by sample, and whether it grows."""
    growth = {
        "MiB of memory": (document["rss_growth_mib"], _FLAT_MIB),
        "threads": (document["threads_growth"], _FLAT),
        "descriptors": (document["descriptors_growth"], _FLAT),
        "connections": (document["connections_growth"], _FLAT),
        "MiB of the collector's memory": (document["collector_rss_growth_mib"], _FLAT_MIB),
        "threads of its own": (document["collector_threads_growth"], _FLAT),
        "descriptors of its own": (document["collector_descriptors_growth"], _FLAT),
    }
    told = ", ".join(f"{grown:+g} {name}" for name, (grown, _) in growth.items())
    is_flat = all(grown <= most for grown, most in growth.values())
    head = ["minute", "memory, MiB", "threads", "descriptors", "connections"]
    head += ["collector's memory, MiB", "its threads", "its descriptors"]
    rows = [[number(value) for value in sample.values()] for sample in document["samples"]]
    blocks: list[Block] = [
        Note(
            f"{document['viewers']} viewers for {document['minutes']:g} minutes of a market at "
            f"{document['speed']:g} times its pace, {document['snapshots']} snapshots, "
            f"{document['lost_viewers']} lost; the last third beside the second: {told}.",
            _tone(is_flat and not document["lost_viewers"]),
        ),
        Table(head, rows),
    ]
    return [Section("A soak", blocks, document["arguments"])]


def _tone(good: bool) -> Tone:
    return "good" if good else "bad"
