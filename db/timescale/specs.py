"""What a database should hold, declared: frozen values that operations and comparison share.

A relation is named `name` or `schema.name`. Durations are timedeltas.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import MetaData

from db.timescale.checks import check_ages, check_columns
from db.timescale.errors import SpecError
from db.timescale.sqltext import Relation

INFO_KEY = "timescale"


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceDimension:
    """A hash dimension beside time."""

    column: str
    partitions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UniqueKey:
    """A unique index ("timestamp DESC" is allowed) or, where `primary`, a primary key.

    On a hypertable it must contain the time column and every space dimension.
    https://docs.tigerdata.com/use-timescale/latest/hypertables/hypertables-and-unique-indexes/
    """

    name: str
    columns: tuple[str, ...]
    primary: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSpec:
    """An index as PostgreSQL understands it; texts are SQL.

    `columns` are columns or expressions with their operator class and order where these differ
    from the default ("\"timestamp\" DESC", "lower(name)"); `options` are storage parameters.
    https://www.postgresql.org/docs/current/sql-createindex.html
    """

    name: str
    table: str
    columns: tuple[str, ...]
    unique: bool = False
    using: str = "btree"
    include: tuple[str, ...] = ()
    where: str | None = None
    nulls_not_distinct: bool = False
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HypertableSpec:
    """A table partitioned by time; its indexes are declared on the table and owned by us.

    https://docs.tigerdata.com/api/latest/hypertable/create_hypertable/
    """

    table: str
    time_column: str
    chunk_interval: timedelta
    space: tuple[SpaceDimension, ...] = ()

    def __post_init__(self) -> None:
        if self.chunk_interval <= timedelta(0):
            raise SpecError(f"{self.table}: the chunk interval must be longer than nothing.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Aggregate:
    """One output column of a rollup: `expression` is SQL over the source's columns."""

    name: str
    expression: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RollupIndex:
    """A further index of a rollup, on its output columns ("bucket DESC" is allowed)."""

    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshPolicy:
    """When a rollup is brought up to date: buckets from now − start_offset to now − end_offset.

    `start_offset` None means all of history.
    """

    start_offset: timedelta | None
    end_offset: timedelta
    schedule_interval: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class RollupSpec:
    """A rollup declared once: a continuous aggregate, or the toolkit's engine on Apache.

    `source` is a hypertable or another rollup; `time_column` is its time column; the output's
    first column is `bucket`. `where` is an optional SQL filter on the source.

    https://docs.tigerdata.com/use-timescale/latest/continuous-aggregates/
    """

    name: str
    source: str
    time_column: str
    bucket: timedelta
    group_by: tuple[str, ...]
    aggregates: tuple[Aggregate, ...]
    where: str | None = None
    real_time: bool = True
    chunk_interval: timedelta | None = None
    indexes: tuple[RollupIndex, ...] = ()
    refresh: RefreshPolicy | None = None
    retention: timedelta | None = None

    def __post_init__(self) -> None:
        check_ages(self.name, bucket=self.bucket, retention=self.retention)
        check_columns(self.name, ["bucket", *self.group_by, *(a.name for a in self.aggregates)])
        if not self.aggregates:
            raise SpecError(f"{self.name}: a rollup needs at least one aggregate.")


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionPolicy:
    """Chunks of `relation` whose rows are all older than `drop_after` are dropped."""

    relation: str
    drop_after: timedelta
    schedule_interval: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        check_ages(self.relation, drop_after=self.drop_after)


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderBy:
    """One column of a columnstore's order."""

    column: str
    descending: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnstoreSpec:
    """How closed chunks are stored by column (Community); `after` None sets no policy.

    https://docs.tigerdata.com/use-timescale/latest/hypercore/
    """

    relation: str
    segment_by: tuple[str, ...] = ()
    order_by: tuple[OrderBy, ...] = ()
    after: timedelta | None = None
    schedule_interval: timedelta = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReorderPolicy:
    """Closed chunks of `table` are rewritten in the order of `index` (Community)."""

    table: str
    index: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchivePolicy:
    """Chunks older than `archive_after` move to `archive_table`; `history_view` reads both."""

    table: str
    archive_after: timedelta
    archive_table: str
    history_view: str
    archive_chunk_interval: timedelta
    drop_after: timedelta | None = None
    schedule_interval: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        check_ages(self.table, archive_after=self.archive_after, drop_after=self.drop_after)


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlFiles:
    """Functions, triggers and sequences that SQL files make, read in this order.

    `schema` is theirs alone: what else it holds of these is a difference. Without one, only what
    the files name is compared.
    """

    name: str
    files: tuple[Path, ...]
    schema: str | None = None


Spec = (
    HypertableSpec
    | RollupSpec
    | RetentionPolicy
    | ColumnstoreSpec
    | ReorderPolicy
    | ArchivePolicy
    | SqlFiles
)
S = TypeVar("S", bound=Spec)


def declare(metadata: MetaData, *specs: Spec) -> None:
    """Adds specs to what `metadata` declares; raises SpecError where they contradict."""
    wanted = metadata.info.setdefault(INFO_KEY, [])
    for spec in specs:
        if any(identity(spec) == identity(other) for other in wanted):
            kind, key = identity(spec)
            raise SpecError(f"{str(key).removeprefix('public.')} is declared twice as {kind}.")
        wanted.append(spec)
    check_history(wanted)


def declared(metadata: MetaData, kind: type[S]) -> Iterator[S]:
    """The declared specs of one kind, in order of declaration."""
    return (spec for spec in metadata.info.get(INFO_KEY, ()) if isinstance(spec, kind))


def identity(spec: Spec) -> tuple[str, Relation]:
    """What makes a spec the same thing in two states of the schema: its kind and relation."""
    match spec:
        case RollupSpec() | SqlFiles():
            name = spec.name
        case RetentionPolicy() | ColumnstoreSpec():
            name = spec.relation
        case _:
            name = spec.table
    return type(spec).__name__, Relation.named(name)


def check_history(specs: Iterable[Spec]) -> None:
    """Raises SpecError where a refresh would reach rows that retention or archiving took away.

    Refreshing a range whose rows are gone overwrites the aggregate with nothing
    (timescale/timescaledb#2198), so every refresh must start later than the rows end.
    """
    known = list(specs)
    archived = {Relation.named(spec.table) for spec in known if isinstance(spec, ArchivePolicy)}
    for spec in known:
        if isinstance(spec, RetentionPolicy) and Relation.named(spec.relation) in archived:
            raise SpecError(
                f"{spec.relation} is archived: retention would drop rows that are not archived "
                "yet. Give the archive policy a drop_after instead."
            )
    kept = list(_kept(known))
    for relation in kept:
        if kept.count(relation) > 1:
            raise SpecError(f"{relation} is told twice how long to keep its rows.")
    ends = dict(_ends_of_history(known))
    for rollup in known:
        if not isinstance(rollup, RollupSpec) or rollup.refresh is None:
            continue
        end = ends.get(Relation.named(rollup.source))
        start = rollup.refresh.start_offset
        if end is not None and (start is None or start >= end):
            reach = "all of history" if start is None else f"{start} back"
            raise SpecError(
                f"{rollup.name} is refreshed from {reach}, but {rollup.source} keeps its rows for "
                f"{end}: let the refresh start later than that, or keep the rows longer."
            )


def _ends_of_history(specs: Iterable[Spec]) -> Iterator[tuple[Relation, timedelta]]:
    for spec in specs:
        match spec:
            case RetentionPolicy():
                yield Relation.named(spec.relation), spec.drop_after
            case RollupSpec(retention=timedelta() as kept):
                yield Relation.named(spec.name), kept
            case ArchivePolicy():
                yield Relation.named(spec.table), spec.archive_after


def _kept(specs: Iterable[Spec]) -> Iterator[Relation]:
    """What is told how long to keep its rows, once for each time it is."""
    for spec in specs:
        match spec:
            case RetentionPolicy():
                yield Relation.named(spec.relation)
            case RollupSpec(retention=timedelta()):
                yield Relation.named(spec.name)
            case ArchivePolicy(drop_after=timedelta()):
                yield Relation.named(spec.archive_table)
