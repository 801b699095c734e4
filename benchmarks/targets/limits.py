"""What must hold of writes, refreshes, retention, size and growth, and what was tried for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limit:
    """Of anything else: what a figure of one part's result may be at most, or at least.

    `split` tells from the same result where the time goes: ms by what takes them. `bare` is the
    same figure of a hypertable and nothing else, where that was measured: the least any costs.
    """

    title: str
    part: str
    figure: Callable[[Document], float | None]
    unit: str
    most: float | None = None
    least: float | None = None
    tried: str = ""
    split: Callable[[Document], Mapping[str, float]] = lambda document: {}
    bare: Callable[[Document], float | None] = lambda document: None

    def is_met(self, figure: float) -> bool:
        """Whether it holds."""
        return (self.most is None or figure <= self.most) and (
            self.least is None or figure >= self.least
        )


def _times_legacy(way: str, tables: str = "migrated") -> Callable[[Document], float | None]:
    def figure(document: Document) -> float | None:
        before, after = (
            document["ways"].get(f"{way}, {each}") for each in ("legacy tables", tables)
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
        found = {each["function"]: each["self_ms"] for each in counted}
        whole_ms = document["ways"][way].get("cpu_ms") if way in document["ways"] else None
        return found if whole_ms is None else found | {"the server's CPU in all": whole_ms}

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
        tried="For each statement a hypertable opens the chunk, and looks up twice in its catalog "
        "which index of the chunk ON CONFLICT means: 1.4 times a plain table's CPU with nothing "
        "else there. Triggers log a snapshot once and then compare, a sixth of all; triggers of "
        "the row would take a third of that, and as much again from every row of a bulk load. An "
        "eighth settles the newest chain at the commit.",
        split=_functions("a statement a row, migrated"),
        bare=_times_legacy("a statement a row", "bare hypertable"),
    ),
    Limit(
        "COPY and one upsert, against the same on legacy tables",
        "ingest",
        _times_legacy("COPY and one upsert"),
        " ×",
        most=1.25,
        tried="A hypertable and nothing else takes what a plain table does. The newest chain is "
        "kept in the writer's transaction, 1.3 ms an exchange: a quarter is parsing and planning "
        "three reads of history, the rest executing a dozen statements, its rows written anew "
        "among them. New contracts are looked for where there can be any: a fiftieth less. "
        "Columns for rows as a whole, and one statement for two, gained nothing. Settled by a "
        "listener instead, a reader could see a chain that history contradicts.",
        split=_functions("COPY and one upsert, migrated"),
        bare=_times_legacy("COPY and one upsert", "bare hypertable"),
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
