"""What is wrong with indexes, judged from the catalog alone, with the statements that mend it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby, permutations
from typing import Any, Literal

from db.advice.logical import LogicalIndex, PhysicalIndex
from db.timescale.sqltext import Fragment, compose, relation

Kind = Literal["invalid", "duplicate", "unused", "bloated"]

WORTH_BYTES = 1 << 20
"""Below a megabyte neither dropping nor rebuilding is worth a lock."""
_BLOAT_RATIO = 1.5


@dataclass(frozen=True)
class Finding:
    """One index that needs a hand; `statements` run one by one, each in its own transaction."""

    kind: Kind
    table: str
    index: str
    size_bytes: int
    evidence: str
    statements: tuple[Fragment, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def judge(
    indexes: Sequence[LogicalIndex], *, counted_days: float, min_days: float
) -> tuple[Finding, ...]:
    """All findings; unused ones only once use was counted for `min_days`."""
    found = [*_invalid(indexes), *_duplicates(indexes), *_bloated(indexes)]
    if counted_days >= min_days:
        taken = {(finding.table, finding.index) for finding in found if finding.kind != "bloated"}
        found += (f for f in _unused(indexes, counted_days) if (f.table, f.index) not in taken)
    return tuple(sorted(found, key=lambda finding: (finding.table, finding.index, finding.kind)))


def _invalid(indexes: Iterable[LogicalIndex]) -> Iterator[Finding]:
    """A build that failed leaves an index that costs writes and serves no read."""
    for index in indexes:
        broken = [part for part in index.parts if not part.is_valid]
        if not broken:
            continue
        mend: tuple[Fragment, ...]
        if index.chunks and not index.root.is_valid:
            mend = (_drop(index.root), _definition(index))
            evidence = "its build over the chunks did not end; reads do not use it everywhere"
        else:
            mend = tuple(_rebuild(part) for part in broken)
            evidence = f"{len(broken)} of {len(index.parts)} parts are invalid; no read uses those"
        yield Finding("invalid", index.table, index.name, index.size_bytes, evidence, mend)


def _duplicates(indexes: Iterable[LogicalIndex]) -> Iterator[Finding]:
    for _, of_table in groupby(indexes, key=lambda index: index.table):
        dropped: set[str] = set()
        for spare, other in permutations(list(of_table), 2):
            if {spare.name, other.name} & dropped or not _serves_for(other.root, spare.root):
                continue
            dropped.add(spare.name)
            yield Finding(
                "duplicate",
                spare.table,
                spare.name,
                spare.size_bytes,
                f"{other.name} begins with the same columns in the same order",
                (_drop(spare.root),),
            )


def _serves_for(other: PhysicalIndex, spare: PhysicalIndex) -> bool:
    """Whether every read of `spare` is served by `other` as well."""
    keys = len(spare.key_columns)
    return (
        not spare.is_unique
        and not spare.is_constraint
        and not spare.is_covering
        and spare.is_valid
        and other.is_valid
        and other.method == spare.method == "btree"
        and other.predicate == spare.predicate
        and other.key_columns[:keys] == spare.key_columns
        and other.options.split()[:keys] == spare.options.split()[:keys]
        and other.operator_classes.split()[:keys] == spare.operator_classes.split()[:keys]
    )


def _unused(indexes: Iterable[LogicalIndex], counted_days: float) -> Iterator[Finding]:
    for index in indexes:
        is_needed = index.root.is_unique or index.root.is_constraint or _is_own(index)
        if is_needed or index.scans or index.size_bytes < WORTH_BYTES or not index.root.is_valid:
            continue
        yield Finding(
            "unused",
            index.table,
            index.name,
            index.size_bytes,
            f"no scan on this server in {counted_days:.0f} days; ask replicas too",
            (_drop(index.root),),
        )


def _is_own(index: LogicalIndex) -> bool:
    """The toolkit's own tables keep their indexes: their use comes with the first refresh."""
    return index.root.root_schema == "timescale_engine"


def _bloated(indexes: Iterable[LogicalIndex]) -> Iterator[Finding]:
    for index in indexes:
        large = [part for part in index.parts if _is_bloated(part)]
        if not large:
            continue
        size_bytes = sum(part.size_bytes for part in large)
        least_bytes = sum(part.least_bytes or 0.0 for part in large)
        yield Finding(
            "bloated",
            index.table,
            index.name,
            size_bytes,
            f"{len(large)} of {len(index.parts)} parts are about "
            f"{size_bytes / least_bytes:.1f} times as large as when built anew",
            tuple(_rebuild(part) for part in large),
        )


def _is_bloated(part: PhysicalIndex) -> bool:
    least_bytes = part.least_bytes
    return (
        part.is_valid
        and least_bytes is not None
        and part.size_bytes >= WORTH_BYTES
        and part.size_bytes > _BLOAT_RATIO * least_bytes
    )


def _drop(index: PhysicalIndex) -> Fragment:
    return compose("DROP INDEX {name}", name=index.statement_name)


def _rebuild(index: PhysicalIndex) -> Fragment:
    return compose("REINDEX INDEX CONCURRENTLY {name}", name=index.statement_name)


def _definition(index: LogicalIndex) -> Fragment:
    """The statement that builds it chunk by chunk, WITH before WHERE as TimescaleDB wants it."""
    root = index.root
    columns, where, predicate = root.shape.partition(" WHERE ")
    return compose(
        "CREATE INDEX {name} ON {table} USING {columns}"
        " WITH (timescaledb.transaction_per_chunk){where}",
        name=Fragment(root.statement_name.rpartition(".")[2]),
        table=relation(index.table),
        columns=Fragment(columns),
        where=Fragment(where + predicate),
    )
