"""Pages and load."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import Block, Lines, Note, Section, Table, Tone, number, text

# https://web.dev/articles/vitals, at the 75th percentile
_GOOD = {"lcp_ms": 2500.0, "inp_ms": 200.0, "cls": 0.1}


def page_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a page, network and cache state."""
    head = ["page", "network", "cache", "usable ms", "LCP ms", "INP ms", "CLS", "KiB", "requests"]
    rows = [
        [
            text(page["page"]),
            text(page["network"]),
            text(page["cache"]),
            number(page["usable_ms"]),
            *(number(page[name], tone=_tone(page, name)) for name in _GOOD),
            number(page["bytes"] / 1024),
            number(page["requests"]),
        ]
        for page in document["pages"]
    ]
    note = Note(
        f"Chromium {document['browser']}; the server's first login page "
        f"{document['server_start_ms']:.0f} ms after its process started."
    )
    blocks: list[Block] = [note, Table(head, rows), _left_open(document), *_slowest(document)]
    return [Section("Pages", blocks, document["arguments"])]


def _slowest(document: Mapping[str, Any]) -> list[Table]:
    """Where the time of the longest reactions went."""
    told = document["live"].get("slowest", [])
    head = ["slowest reactions", "ms", "waited", "worked", "painted"]
    rows = [
        [
            text(one["what"]),
            *(number(one[name]) for name in ("ms", "waited_ms", "worked_ms", "painted_ms")),
        ]
        for one in told
    ]
    return [Table(head, rows)] if rows else []


def _left_open(document: Mapping[str, Any]) -> Table:
    """Signing in, and a dashboard left open, against what was aimed at."""
    sign_in, live, aged = document["sign_in"], document["live"], document["aged"]
    measured = [
        ("sign-in to usable, empty cache, ms", sign_in["cold_ms"], 500.0),
        ("sign-in to usable, filled cache, ms", sign_in["warm_ms"], 200.0),
        ("INP (p98) while a chain is renewed each second, ms", live["inp_ms"], 50.0),
        ("CLS while it is", live["cls"], 0.001),
        ("main thread busy, % of a core", live["busy"] * 100, 10.0),
        ("growth of a day left open, MiB", aged["growth_bytes_per_day"] / 2**20, 20.0),
    ]
    measured += [
        (f"a step through the past, {age} day (p95), ms", found["p95_ms"], 100.0)
        for age, found in document.get("past", {}).items()
    ]
    rows = [
        [text(name), number(value, tone=_beyond(value, limit)), number(limit)]
        for name, value, limit in measured
    ]
    return Table(["a page left open", "measured", "aimed at"], rows)


def load_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """Capacity first, then every step."""
    capacity = [
        Note(
            f"{found['workers']} workers carry {found['users']} users "
            f"({found['requests_per_s']:.0f} requests/s of /api/data) with p99 below "
            f"{document['objective_ms']:g} ms."
        )
        for found in document["capacity"]
    ]
    head = ["workers", "users", "requests/s", "p50 ms", "p95 ms", "p99 ms", "pushes", "failures"]
    head += ["memory MiB", "connections"]
    rows = [
        [
            *(number(step[name]) for name in ("workers", "users", "requests_per_s", "p50_ms")),
            number(step["p95_ms"]),
            number(step["p99_ms"], tone=_beyond(step["p99_ms"], document["objective_ms"])),
            number(step["pushes"]),
            number(step["failures"], tone="bad" if step["failures"] else "plain"),
            number(step["memory_bytes"] / 2**20),
            number(step["connections"]),
        ]
        for step in document["steps"]
    ]
    curves: dict[str, list[tuple[float, float]]] = {}
    for step in document["steps"]:
        name = f"{step['workers']} workers"
        curves.setdefault(name, []).append((step["users"], step["p99_ms"]))
    chart = Lines("p99 of /api/data", "users", "ms", curves)
    return [Section("Load", [*capacity, chart, Table(head, rows)], document["arguments"])]


def _tone(page: Mapping[str, Any], name: str) -> Tone:
    value = page[name]
    return "plain" if value is None else _beyond(value, _GOOD[name])


def _beyond(value: float, limit: float) -> Tone:
    return "bad" if value > limit else "good"
