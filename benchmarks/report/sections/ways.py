"""The same read prepared and not, from the pool, and through a PgBouncer."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.report.blocks import Block, Cell, Note, Section, Table, text

_TITLE = "Prepared, from the pool, through PgBouncer"
_WAYS = {
    "first_ms": "to prepare it first",
    "unprepared_ms": "not prepared",
    "call_ms": "from the pool",
    "pooler_ms": "through PgBouncer",
    "pooler_prepared_ms": "prepared there",
}
_CALL = "A call that asks nothing (SELECT 1)"


def way_sections(document: Mapping[str, Any]) -> Sequence[Section]:
    """One row a read: ms in each way and, in brackets, times those of the read as prepared."""
    if "nothing" not in document:
        return []
    asked = [query for query in document["queries"] if query.get("call_ms") is not None]
    nothing = document["nothing"] | {"title": _CALL}
    head = ["query", "prepared ms", *_WAYS.values()]
    table = Table(head, [_row(one) for one in (nothing, *asked)])
    blocks: list[Block] = [Note(_told(document)), table, *_pooled(document, asked)]
    return [Section(_TITLE, blocks, document["arguments"])]


def _row(one: Mapping[str, Any]) -> list[Cell]:
    base = one["after_ms"]
    return [text(one["title"]), Cell(f"{base:.3g}", number=True), *(_way(one, w) for w in _WAYS)]


def _way(one: Mapping[str, Any], way: str) -> Cell:
    ms = one.get(way)
    if ms is None:
        return Cell("–", "faint", number=True)
    return Cell(f"{ms:.3g} ({ms / one['after_ms']:.1f} ×)", number=True)


def _told(document: Mapping[str, Any]) -> str:
    where = "on one core" if document.get("one_core") else "wherever the system puts them"
    return (
        "Medians in ms and, in brackets, times what the driver alone takes for the same statements "
        "once they are prepared. To prepare it first: the driver, with nothing prepared before. "
        "From the pool: as the application calls it, with the pool's ping, a transaction for the "
        "newest chain, typed rows and the connection given back. Through PgBouncer: the same call "
        "in transaction mode, where the application prepares nothing and tells each transaction "
        f"its settings; prepared there: if it prepared. Who asks, who answers, PgBouncer: {where}."
    )


def _pooled(document: Mapping[str, Any], asked: Sequence[Mapping[str, Any]]) -> list[Block]:
    """What preparing behind a pooler would bring, and why there are no figures of one."""
    pooler = document.get("pooler") or {}
    found: list[Block] = []
    if pooler.get("missing"):
        found.append(Note(pooler["missing"], "bad"))
    both = [one for one in asked if one.get("pooler_prepared_ms") is not None]
    if both:
        share = median(one["pooler_prepared_ms"] / one["pooler_ms"] for one in both)
        found.append(
            Note(
                f"Were statements prepared through PgBouncer {pooler.get('version')}, a read would "
                f"take {share:.2f} of what it takes there now (median of the reads above)."
            )
        )
    elif pooler.get("version") and not pooler.get("missing"):
        found.append(Note(f"PgBouncer {pooler['version']} lets nothing be prepared."))
    return found
