"""What must hold, in one place, and beside each target what was tried where it is missed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

# whole days may fall a little short of 15 million rows
_FULL_ROWS = 14_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """Of a read, as ratios within one run: at most so many floors, at least so much faster.

    `of_rows` is the history that the factor is stated for, where days are what makes it;
    `columnstore_ms` holds instead of both for what is read from the columnstore; `tried` is what
    was weighed and measured on the way there.
    """

    floors: float | None = None
    speedup: float | None = None
    of_rows: int = 0
    columnstore_ms: float | None = None
    tried: str = ""

    def is_met(self, speedup: float, floors: float, rows: int) -> bool | None:
        """Whether it holds; None where the history is too short for the factor to be reached."""
        if self.floors is not None and floors > self.floors:
            return False
        if self.speedup is None or speedup >= self.speedup:
            return True
        return False if rows >= self.of_rows else None


_KEPT = (
    "Closed buckets are stored, the open one is read from its source. The plan is kept: {} ms of "
    "the server's CPU, {} where it is made anew with constants."
)
_ONE_ROW = "One row by its key, from a table of four: nothing is left to take away."
_EDGE = Target(1.25, 1.0)

READS: Mapping[str, Target] = {
    "latest_chain": _EDGE,
    "latest_chains": _EDGE,
    "oi_changes": _EDGE,
    "oi_by_strike": Target(
        1.25,
        1.0,
        tried="Two contracts make a row: reading 82 wide rows takes 0.037 ms of the server's CPU, "
        "0.056 with what joins them, the floor's 41 rows 0.019. A full join of calls and puts "
        "(0.054) and a window (0.067) gain nothing; a table of its own would be written each "
        "second.",
    ),
    "pcr_now": Target(1.5, 1.0, tried=_ONE_ROW),
    "max_pain": Target(1.5, 1.0, tried=_ONE_ROW),
    "chain_as_of": Target(
        1.5,
        1.0,
        columnstore_ms=2.0,
        tried="The pointer table tells the instant, then one chunk is opened with it as a "
        "constant. One statement, with the instant in a subquery, would save a round trip and "
        "have every chunk planned, which is what the look-up before a save pays. A plan that is "
        "kept takes 0.23 ms of the server's CPU, one with constants 0.29.",
    ),
    "snapshot_at": Target(
        speedup=1.0,
        tried="A row of the pointer table by its key, from the one chunk that holds it, and its "
        "plan is kept: 0.03 ms of the server's CPU, 0.10 with constants.",
    ),
    "window_40m": Target(
        1.25,
        1.0,
        tried="Binary rows, one chunk, in the order of its index. The floor's table holds nothing "
        "else and lies in that order on disk; in history four exchanges alternate.",
    ),
    "contract_day": Target(
        1.5,
        15.0,
        _FULL_ROWS,
        tried="Rows of one contract lie a page apart: 750 of them are 750 pages. An index that "
        "covers them would be a second copy of history, written with each row.",
    ),
    "contract_bars": Target(1.5, 15.0, _FULL_ROWS, tried=_KEPT.format("0.36", "0.67")),
    "pcr_minutes": Target(1.5, 40.0, _FULL_ROWS, tried=_KEPT.format("0.38", "0.79")),
    "pcr_five_minutes": Target(1.5, 400.0, _FULL_ROWS, tried=_KEPT.format("1.86", "2.46")),
    "pcr_days": Target(1.5, 5000.0, _FULL_ROWS, tried=_KEPT.format("0.14", "0.49")),
    "legacy_save_lookup": Target(
        speedup=1.0,
        tried="It asks for the newest instant in a subquery, so that every chunk of 30 days is "
        "planned, three times over, 55 µs a chunk. Its text cannot change; settings that shorten "
        "planning take more from others, and chunks of a week were weighed: docs/scaling.md.",
    ),
    "legacy_training_frame": Target(
        speedup=1.0, tried="The same rows as text, however they are found: the wire bounds it."
    ),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """Of anything else: what a figure of one part's result may be at most, or at least.

    `split` tells from the same result where the time goes: ms by what takes them.
    """

    title: str
    part: str
    figure: Callable[[Document], float | None]
    unit: str
    most: float | None = None
    least: float | None = None
    tried: str = ""
    split: Callable[[Document], Mapping[str, float]] = lambda document: {}

    def is_met(self, figure: float) -> bool:
        """Whether it holds."""
        return (self.most is None or figure <= self.most) and (
            self.least is None or figure >= self.least
        )


def _times_legacy(way: str) -> Callable[[Document], float | None]:
    def figure(document: Document) -> float | None:
        before, after = (
            document["ways"].get(f"{way}, {tables}") for tables in ("legacy tables", "migrated")
        )
        return after["p50_ms"] / before["p50_ms"] if before and after else None

    return figure


def _at(*path: str) -> Callable[[Document], float | None]:
    def figure(document: Document) -> float | None:
        found: Any = document
        for key in path:
            found = found.get(key)
            if found is None:
                return None
        return float(found)

    return figure


def _on(
    edition: str, figure: Callable[[Document], float | None]
) -> Callable[[Document], float | None]:
    def there(document: Document) -> float | None:
        is_there = any(server["edition"] == edition for server in document["servers"])
        return figure(document) if is_there else None

    return there


def _worst_growth(document: Document) -> float | None:
    return max((grown["times"] for grown in document["growth"]), default=None)


def _functions(way: str) -> Callable[[Document], Mapping[str, float]]:
    def split(document: Document) -> Mapping[str, float]:
        counted = document.get("functions", {}).get(way, ())
        return {each["function"]: each["self_ms"] for each in counted}

    return split


def _bulk(document: Document) -> Mapping[str, float]:
    sustained = document["sustained"]
    loading, rollups = (1000 * sustained[key] for key in ("load_s", "rollups_s"))
    return {"COPY and live edge": loading, "rollups": rollups}


def _dropping(document: Document) -> Mapping[str, float]:
    dropped = document["drop_chunks"]
    return {key.removesuffix("_s"): 1000 * dropped[key] for key in ("drop_s", "commit_s")}


_FRAME_TRIED = (
    "Binary COPY of rows of one width, read in place: no value becomes an object. 21,560 rows of "
    "25 features take 37 ms of the server's CPU, half of it a function's call for each value on "
    "its way out, and beside it 25 ms of ours, a message a row; DuckDB has neither process nor "
    "wire between."
)
_REFRESHED = "Of each rollup only the buckets that a snapshot touched, each by its own statement."

LIMITS = (
    Limit(
        "Closed days in the columnstore: how many times smaller",
        "run",
        _at("columnstore_times"),
        " ×",
        least=5.0,
        tried="Segments by exchange, newest first: a chain of a past instant stays below 2 ms. "
        "Segments by contract are 5.6 times smaller, and then it takes 3.",
    ),
    Limit(
        "30 days of features into pandas, against the old program",
        "run",
        _at("frame", "speedup"),
        " ×",
        least=4.0,
        tried=_FRAME_TRIED,
    ),
    Limit(
        "30 days of features into pandas, against DuckDB in this process",
        "run",
        _at("frame", "times_duckdb"),
        " ×",
        least=1.0,
        tried=_FRAME_TRIED,
    ),
    Limit(
        "A statement a row, against the same on legacy tables",
        "ingest",
        _times_legacy("a statement a row"),
        " ×",
        most=1.0,
        tried="With every trigger away a hypertable still takes 1.6 times what a plain table does: "
        "it finds and opens the chunk for each statement. Triggers log a snapshot once and then "
        "compare; triggers of the row would take a third of that, and as much again from every "
        "row of a bulk load.",
        split=_functions("a statement a row, migrated"),
    ),
    Limit(
        "COPY and one upsert, against the same on legacy tables",
        "ingest",
        _times_legacy("COPY and one upsert"),
        " ×",
        most=1.25,
        tried="The newest chain is kept in the writer's transaction: half of the rest is its rows, "
        "written anew, the other half three reads of history. Settled by a listener instead, a "
        "reader could see a chain that history contradicts.",
        split=_functions("COPY and one upsert, migrated"),
    ),
    Limit(
        "Our snapshot of 328 rows, p99",
        "ingest",
        _at("ways", "write_snapshot, migrated", "p99_ms"),
        " ms",
        most=10.0,
        tried="Binary COPY, one upsert, live edge and totals from the staged rows; what is left "
        "are two writes of each row with their indexes, four commits and their flushes.",
        split=_functions("write_snapshot, migrated"),
    ),
    Limit(
        "Our snapshot at full width, p99",
        "ingest",
        _at("full_width", "snapshot_ms", "p99_ms"),
        " ms",
        most=20.0,
        tried="As above, for three times the rows.",
    ),
    Limit(
        "The live edge at full width, each second: share of one core",
        "ingest",
        _at("full_width", "edge_share"),
        "",
        most=0.1,
    ),
    Limit(
        "Refresh of all rollups after a snapshot, Apache, p50",
        "ingest",
        _on("apache", _at("refresh_ms", "p50_ms")),
        " ms",
        most=5.0,
        tried=_REFRESHED,
    ),
    Limit(
        "Refresh of all rollups after a snapshot, Apache, p99",
        "ingest",
        _on("apache", _at("refresh_ms", "p99_ms")),
        " ms",
        most=20.0,
        tried=_REFRESHED,
    ),
    Limit(
        "Refresh of all rollups after a snapshot, Community, p50",
        "ingest",
        _on("community", _at("refresh_ms", "p50_ms")),
        " ms",
        most=25.0,
    ),
    Limit(
        "Bulk load with everything kept",
        "ingest",
        _at("sustained", "rows_per_s"),
        " rows/s",
        least=120_000,
        tried="Binary COPY past the live edge's bookkeeping; live edge and rollups are then "
        "brought up set by set. The rest is COPY into a chunk with two indexes.",
        split=_bulk,
    ),
    Limit(
        "Retention of half the history, against DELETE and VACUUM",
        "retention",
        _at("faster_by"),
        " ×",
        least=100.0,
        tried="The statement is; at the commit the file system removes what the chunks held, after "
        "the locks are gone. Cached or not, few wide days or many thin ones: both ways grow with "
        "the bytes.",
        split=_dropping,
    ),
    Limit(
        "Growth of the read that grew most, from the smallest to the largest history",
        "scale",
        _worst_growth,
        " ×",
        most=1.1,
        tried="Pages, chunks and plans of each size stand under Growth.",
    ),
)
