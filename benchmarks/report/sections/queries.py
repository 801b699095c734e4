"""Before against after, query by query."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.blocks import (
    Bars,
    Block,
    Cell,
    Note,
    Planned,
    Plans,
    Ranges,
    Section,
    Table,
    Tone,
    number,
    text,
)
from benchmarks.report.plan_tree import plan_tree
from benchmarks.report.sections.environment import server_line
from benchmarks.report.sections.split import split_sections
from benchmarks.report.sections.ways import way_sections

_HEAD = (
    "query",
    "rows",
    "before ms",
    "after ms",
    "faster by",
    "95 %",
    "floor ms",
    "× floor",
    "target",
    "same rows",
)
_ONE_CORE = ", who asks and who answers on one core"
SPREAD = "Spread of the times"
_COLD_HEAD = ("cold before ms", "cold after ms", "cold faster by")


def query_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """The table of ratios first, then each query's plans."""
    queries = document["queries"]
    size = document["dataset"]
    where = " · ".join(server_line(server) for server in document["servers"])
    title = f"Before and after: {size['rows']:,} rows, {size['days']} trading days"
    overview = Section(
        title,
        [
            Note(
                f"{where}; {document['temperature']}; client time to the last row, medians"
                f"{_ONE_CORE if document.get('one_core') else ''}. "
                "A factor that days make is judged from 14 million rows on."
            ),
            *_cold_note(document),
            ratio_table(queries),
            Bars("Client time", "ms", {query["title"]: _bars(query) for query in queries}),
            *_missed(queries),
            *_frame(document.get("frame")),
        ],
        command=document["arguments"],
    )
    return [
        overview,
        *split_sections(document),
        *way_sections(document),
        Section(SPREAD, _spread(queries), command=document["arguments"]),
        Section("Plans", _plans(queries), command=document["arguments"]),
    ]


def _frame(frame: Mapping[str, Any] | None) -> list[Block]:
    if frame is None:
        return []
    ms = frame["ms"]
    duckdb = f", by DuckDB in this process {ms['duckdb']:.1f}" if "duckdb" in ms else ""
    same = "the same values" if frame["same_values"] else "THE VALUES DIFFER"
    return [
        Note(
            f"{frame['rows']:,} rows of features into pandas: {ms['before']:.1f} ms as the old "
            f"program reads them, {ms['ours']:.1f} by ours{duckdb}; {same}.",
            "plain" if frame["same_values"] else "bad",
        )
    ]


def _cold_note(document: Mapping[str, Any]) -> list[Block]:
    cold = document.get("cold")
    if not cold:
        return []
    return [
        Note(
            f"Cold: first execution, {cold['method']} before each query; medians of "
            f"{cold['rounds']} restarts a query."
        )
    ]


def ratio_table(queries: Sequence[Mapping[str, Any]]) -> Table:
    """One row a query; a missed target or a slower query is marked. Cold stands beside warm."""
    is_cold = any("cold" in query for query in queries)
    head = (*_HEAD, *(_COLD_HEAD if is_cold else ()))
    return Table(head, [[*_row(query), *_cold(query, is_cold)] for query in queries])


def _cold(query: Mapping[str, Any], is_cold: bool) -> list[Cell]:
    if not is_cold:
        return []
    cold = query.get("cold") or dict.fromkeys(("before_ms", "after_ms", "speedup"))
    slower: Tone = "bad" if cold["speedup"] is not None and cold["speedup"] < 1 else "plain"
    return [
        number(cold["before_ms"]),
        number(cold["after_ms"]),
        number(cold["speedup"], suffix=" ×", tone=slower),
    ]


def _row(query: Mapping[str, Any]) -> list[Cell]:
    low, high = query["speedup_95"]
    slower: Tone = "bad" if high < 1 else "plain"
    return [
        text(query["title"]),
        number(query["rows"]),
        number(query["before_ms"]),
        number(query["after_ms"]),
        number(query["speedup"], suffix=" ×", tone=slower),
        Cell(f"{low:.3g}–{high:.3g}", number=True),
        number(query["floor_ms"]),
        number(query["floors"], suffix=" ×"),
        _target(query["target"]),
        Cell("yes", "good") if query["same_rows"] else Cell("NO", "bad"),
    ]


def asked(target: Mapping[str, Any]) -> str:
    """What is asked of a query in words."""
    wanted = []
    if target["speedup"]:
        wanted.append(f"≥ {target['speedup']:g} ×")
    if target["floors"]:
        wanted.append(f"≤ {target['floors']:g} floors")
    if target.get("columnstore_ms"):
        wanted.append(f"< {target['columnstore_ms']:g} ms in the columnstore")
    return ", ".join(wanted) or "–"


def _target(target: Mapping[str, Any]) -> Cell:
    wanted = asked(target)
    if target["met"] is None:
        return Cell(wanted, "faint")
    return Cell(f"met: {wanted}", "good") if target["met"] else Cell(f"missed: {wanted}", "bad")


def _bars(query: Mapping[str, Any]) -> Mapping[str, float]:
    return {side: query[f"{side}_ms"] for side in ("before", "after", "floor")}


def _missed(queries: Sequence[Mapping[str, Any]]) -> list[Block]:
    wrong = [query for query in queries if not query["same_rows"]]
    return [
        Note(f"{query['title']}: the rows differ – {query['difference']}.", "bad")
        for query in wrong
    ]


def _plans(queries: Sequence[Mapping[str, Any]]) -> list[Block]:
    head = ["query", "buffers", "after", "rows read", "after", "chunks", "row estimate off by"]
    rows = [_plan_row(query) for query in queries]
    return [Table(head, rows), *(plans_of(query) for query in queries)]


def _plan_row(query: Mapping[str, Any]) -> list[Cell]:
    before, after = (query["plans"][side]["figures"] for side in ("before", "after"))
    more: Tone = "bad" if after["buffers"] > before["buffers"] else "plain"
    return [
        text(query["title"]),
        number(before["buffers"]),
        number(after["buffers"], tone=more),
        number(before["scanned_rows"]),
        number(after["scanned_rows"]),
        number(after["chunks"]),
        number(after["row_error"], suffix=" ×"),
    ]


def plans_of(query: Mapping[str, Any]) -> Plans:
    """Both plans of a query with what they cost."""
    sides = {side: query["plans"][side] for side in ("before", "after")}
    return Plans(query["title"], [_planned(name, side) for name, side in sides.items()])


def _planned(name: str, side: Mapping[str, Any]) -> Planned:
    return Planned(
        caption=_caption(name, side),
        settings="; ".join(f"{key} = {value}" for key, value in side["settings"].items()),
        statements=side["statements"],
        shapes=side["shape"],
        trees=[plan_tree(document) for document in side["documents"]],
    )


def _caption(name: str, side: Mapping[str, Any]) -> str:
    figures = side["figures"]
    return (
        f"{name}: shape {side['fingerprint']}, {figures['buffers']} buffers, "
        f"{figures['scanned_rows']:.0f} rows read, {figures['chunks']} chunks, "
        f"planning {figures['planning_ms']:.2f} ms, execution {figures['execution_ms']:.2f} ms"
    )


def _spread(queries: Sequence[Mapping[str, Any]]) -> list[Block]:
    """p50, p95 and p99 of the client beside what the server says it took."""
    head = ["query", "runs", "before p50 ms", "p95", "p99", "after p50 ms", "p95", "p99"]
    head += ["server: planning ms", "execution ms"]
    percentiles = ("p50_ms", "p95_ms", "p99_ms")
    rows = []
    for query in queries:
        times, figures = query["times"], query["plans"]["after"]["figures"]
        rows.append(
            [
                text(query["title"]),
                number(times["after"]["count"]),
                *(number(times[side][p]) for side in ("before", "after") for p in percentiles),
                number(figures["planning_ms"]),
                number(figures["execution_ms"]),
            ]
        )
    ranges = {query["title"]: _ranges(query["times"]) for query in queries}
    return [
        Note(
            "Client time to the last row. The server's own time is from EXPLAIN ANALYZE, which "
            "costs time itself."
        ),
        Table(head, rows),
        Ranges("Spread of client times: from the fastest to p99, a dot at p50", "ms", ranges),
    ]


def _ranges(times: Mapping[str, Any]) -> Mapping[str, tuple[float, float, float, float]]:
    return {
        side: (
            times[side]["min_ms"],
            times[side]["p50_ms"],
            times[side]["p95_ms"],
            times[side]["p99_ms"],
        )
        for side in ("before", "after", "floor")
    }
