"""Creating, changing and dropping rollups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp
from db.timescale.specs import Aggregate, RollupIndex, RollupSpec


@dataclass(kw_only=True)
class _RollupOp(TimescaleOp):
    POSITIONAL: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    source: str
    time_column: str
    bucket: timedelta
    group_by: Sequence[str] = ()
    aggregates: Mapping[str, str]
    where: str | None = None
    real_time: bool = True
    chunk_interval: timedelta | None = None
    indexes: Sequence[Sequence[str]] = ()

    @property
    def spec(self) -> RollupSpec:
        """The rollup these arguments declare, without policies; raises SpecError."""
        return RollupSpec(
            name=self.name,
            source=self.source,
            time_column=self.time_column,
            bucket=self.bucket,
            group_by=tuple(self.group_by),
            aggregates=tuple(
                Aggregate(name=name, expression=expression)
                for name, expression in self.aggregates.items()
            ),
            where=self.where,
            real_time=self.real_time,
            chunk_interval=self.chunk_interval,
            indexes=tuple(RollupIndex(columns=tuple(columns)) for columns in self.indexes),
        )


def rollup_arguments(spec: RollupSpec) -> dict[str, Any]:
    """The arguments of create_rollup and drop_rollup for a spec."""
    return {
        "name": spec.name,
        "source": spec.source,
        "time_column": spec.time_column,
        "bucket": spec.bucket,
        "group_by": list(spec.group_by),
        "aggregates": {item.name: item.expression for item in spec.aggregates},
        "where": spec.where,
        "real_time": spec.real_time,
        "chunk_interval": spec.chunk_interval,
        "indexes": [list(index.columns) for index in spec.indexes],
    }


@Operations.register_operation("create_rollup")
@dataclass(kw_only=True)
class CreateRollupOp(_RollupOp):
    """Makes a rollup: a continuous aggregate, or on Apache one the engine maintains."""

    OPERATION: ClassVar[str] = "create_rollup"

    @classmethod
    def create_rollup(
        cls,
        operations: Operations,
        name: str,
        *,
        source: str,
        time_column: str,
        bucket: timedelta,
        aggregates: Mapping[str, str],
        group_by: Sequence[str] = (),
        where: str | None = None,
        real_time: bool = True,
        chunk_interval: timedelta | None = None,
        indexes: Sequence[Sequence[str]] = (),
    ) -> None:
        """Make rollup `name` of `source`, a hypertable or another rollup, and fill it.

        Its columns are `bucket` (the start of each `bucket` of `time_column`), those of
        `group_by`, and `aggregates` (name → SQL expression over the source). `where` filters the
        source; `real_time` adds what is newer than the last refresh to every read. Where the
        source has rows, what came before in this migration is committed and the rollup is filled
        in steps of their own; run again after a crash, it goes on.

        https://docs.tigerdata.com/use-timescale/latest/continuous-aggregates/
        """
        operations.invoke(
            cls(
                name=name,
                source=source,
                time_column=time_column,
                bucket=bucket,
                group_by=group_by,
                aggregates=aggregates,
                where=where,
                real_time=real_time,
                chunk_interval=chunk_interval,
                indexes=indexes,
            )
        )

    def reverse(self) -> "DropRollupOp":
        """The operation that drops it."""
        return DropRollupOp(**self.values())


@Operations.register_operation("drop_rollup")
@dataclass(kw_only=True)
class DropRollupOp(_RollupOp):
    """Drops a rollup with what it holds."""

    OPERATION: ClassVar[str] = "drop_rollup"

    @classmethod
    def drop_rollup(
        cls,
        operations: Operations,
        name: str,
        *,
        source: str,
        time_column: str,
        bucket: timedelta,
        aggregates: Mapping[str, str],
        group_by: Sequence[str] = (),
        where: str | None = None,
        real_time: bool = True,
        chunk_interval: timedelta | None = None,
        indexes: Sequence[Sequence[str]] = (),
    ) -> None:
        """Drop rollup `name` and its policies; the rest is what the reverse makes it of again."""
        operations.invoke(
            cls(
                name=name,
                source=source,
                time_column=time_column,
                bucket=bucket,
                group_by=group_by,
                aggregates=aggregates,
                where=where,
                real_time=real_time,
                chunk_interval=chunk_interval,
                indexes=indexes,
            )
        )

    def reverse(self) -> CreateRollupOp:
        """The operation that makes and fills it again, from the rows the source still has."""
        return CreateRollupOp(**self.values())


@Operations.register_operation("alter_rollup")
@dataclass(kw_only=True)
class AlterRollupOp(TimescaleOp):
    """Gives a rollup another definition and keeps the history whose source rows are gone."""

    OPERATION: ClassVar[str] = "alter_rollup"
    POSITIONAL: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    definition: Mapping[str, Any] = field(default_factory=dict)
    existing: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def alter_rollup(
        cls,
        operations: Operations,
        name: str,
        *,
        definition: Mapping[str, Any],
        existing: Mapping[str, Any],
    ) -> None:
        """Change rollup `name` from `existing` to `definition` (the arguments of create_rollup).

        The new one is built beside, filled from the source, given the old one's buckets where the
        source rows are gone (columns that are new stay NULL there), and put in its place.
        """
        operations.invoke(cls(name=name, definition=definition, existing=existing))

    @property
    def spec(self) -> RollupSpec:
        """The rollup as it will be; raises SpecError."""
        return CreateRollupOp(name=self.name, **self.definition).spec

    def reverse(self) -> "AlterRollupOp":
        """The change backwards."""
        return AlterRollupOp(name=self.name, definition=self.existing, existing=self.definition)
