"""Operations that make a table a hypertable, change it, and make it plain again.

https://docs.tigerdata.com/api/latest/hypertable/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.converter import Conversion
from db.timescale.errors import SpecError
from db.timescale.ops.base import TimescaleOp
from db.timescale.specs import HypertableSpec, SpaceDimension, UniqueKey


@dataclass(kw_only=True)
class _HypertableOp(TimescaleOp):
    """Both directions hold everything the other one needs."""

    table: str
    time_column: str
    chunk_interval: timedelta
    space: tuple[SpaceDimension, ...] = ()
    unique_keys: tuple[UniqueKey, ...] = ()
    drop_constraints: Mapping[str, str] = field(default_factory=dict)
    drop_indexes: Mapping[str, str] = field(default_factory=dict)
    with_table: bool = False

    def __post_init__(self) -> None:
        for key in self.unique_keys:
            names = {column.split()[0].strip('"') for column in key.columns}
            missing = {self.time_column, *(part.column for part in self.space)} - names
            if missing:
                raise SpecError(
                    f"{key.name}: a unique key of hypertable {self.table} must contain "
                    f"{', '.join(sorted(missing))}."
                )

    @property
    def conversion(self) -> Conversion:
        """The same as what a converter is given."""
        return Conversion(
            spec=HypertableSpec(
                table=self.table,
                time_column=self.time_column,
                chunk_interval=self.chunk_interval,
                space=self.space,
            ),
            unique_keys=self.unique_keys,
            drop_constraints=self.drop_constraints,
            drop_indexes=self.drop_indexes,
        )


@Operations.register_operation("create_hypertable")
@dataclass(kw_only=True)
class CreateHypertableOp(_HypertableOp):
    """Makes a table a hypertable; its rows stay, and every index is ours."""

    OPERATION: ClassVar[str] = "create_hypertable"

    @classmethod
    def create_hypertable(
        cls,
        operations: Operations,
        table: str,
        *,
        time_column: str,
        chunk_interval: timedelta,
        space: Sequence[SpaceDimension] = (),
        unique_keys: Sequence[UniqueKey] = (),
        drop_constraints: Mapping[str, str] | None = None,
        drop_indexes: Mapping[str, str] | None = None,
        with_table: bool = False,
    ) -> None:
        """Make `table` a hypertable partitioned by `time_column`.

        `drop_constraints` and `drop_indexes` (name → definition, as PostgreSQL writes it) leave
        the table first: a key without the time column cannot stay on a hypertable. `unique_keys`
        are made on the result. Rows are moved by the converter of env.py, without one by
        TimescaleDB itself under an exclusive lock. A hypertable that exists already is adopted.
        `with_table` says that the table is made by the same migration, and dropped by its reverse.

        https://docs.tigerdata.com/api/latest/hypertable/create_hypertable/
        """
        operations.invoke(
            cls(
                table=table,
                time_column=time_column,
                chunk_interval=chunk_interval,
                space=tuple(space),
                unique_keys=tuple(unique_keys),
                drop_constraints=dict(drop_constraints or {}),
                drop_indexes=dict(drop_indexes or {}),
                with_table=with_table,
            )
        )

    def reverse(self) -> "DropHypertableOp":
        """The operation that restores the plain table with all rows."""
        return DropHypertableOp(**self.values())


@Operations.register_operation("drop_hypertable")
@dataclass(kw_only=True)
class DropHypertableOp(_HypertableOp):
    """Makes a hypertable a plain table again, with every row."""

    OPERATION: ClassVar[str] = "drop_hypertable"

    @classmethod
    def drop_hypertable(
        cls,
        operations: Operations,
        table: str,
        *,
        time_column: str,
        chunk_interval: timedelta,
        space: Sequence[SpaceDimension] = (),
        unique_keys: Sequence[UniqueKey] = (),
        drop_constraints: Mapping[str, str] | None = None,
        drop_indexes: Mapping[str, str] | None = None,
        with_table: bool = False,
    ) -> None:
        """Make hypertable `table` a plain table: the exact reverse of `create_hypertable`.

        `unique_keys` are dropped, `drop_constraints` and `drop_indexes` are made again. With
        `with_table` the table itself is dropped by the step that follows, so nothing is done.
        """
        operations.invoke(
            cls(
                table=table,
                time_column=time_column,
                chunk_interval=chunk_interval,
                space=tuple(space),
                unique_keys=tuple(unique_keys),
                drop_constraints=dict(drop_constraints or {}),
                drop_indexes=dict(drop_indexes or {}),
                with_table=with_table,
            )
        )

    def reverse(self) -> CreateHypertableOp:
        """The operation that makes it a hypertable again."""
        return CreateHypertableOp(**self.values())


@Operations.register_operation("set_chunk_interval")
@dataclass(kw_only=True)
class SetChunkIntervalOp(TimescaleOp):
    """Chunks made from now on cover another span of time."""

    OPERATION: ClassVar[str] = "set_chunk_interval"
    POSITIONAL: ClassVar[tuple[str, ...]] = ("table", "interval")

    table: str
    interval: timedelta
    existing: timedelta

    @classmethod
    def set_chunk_interval(
        cls, operations: Operations, table: str, interval: timedelta, *, existing: timedelta
    ) -> None:
        """Let new chunks of `table` cover `interval`; `existing` is what downgrading restores.

        https://docs.tigerdata.com/api/latest/hypertable/set_chunk_time_interval/
        """
        operations.invoke(cls(table=table, interval=interval, existing=existing))

    def reverse(self) -> "SetChunkIntervalOp":
        """The same change backwards."""
        return SetChunkIntervalOp(table=self.table, interval=self.existing, existing=self.interval)


@Operations.register_operation("add_dimension")
@dataclass(kw_only=True)
class AddDimensionOp(TimescaleOp):
    """Partitions a hypertable by the hash of a column as well."""

    OPERATION: ClassVar[str] = "add_dimension"

    table: str
    column: str
    partitions: int

    @classmethod
    def add_dimension(
        cls, operations: Operations, table: str, *, column: str, partitions: int
    ) -> None:
        """Partition chunks made from now on by the hash of `column` too.

        https://docs.tigerdata.com/api/latest/hypertable/add_dimension/
        """
        operations.invoke(cls(table=table, column=column, partitions=partitions))

    def reverse(self) -> "DropDimensionOp":
        """The operation that rebuilds the hypertable without the dimension."""
        return DropDimensionOp(table=self.table, column=self.column, partitions=self.partitions)


@Operations.register_operation("drop_dimension")
@dataclass(kw_only=True)
class DropDimensionOp(TimescaleOp):
    """Takes a hash dimension away; TimescaleDB has no call for it, so the table is rebuilt."""

    OPERATION: ClassVar[str] = "drop_dimension"

    table: str
    column: str
    partitions: int

    @classmethod
    def drop_dimension(
        cls, operations: Operations, table: str, *, column: str, partitions: int
    ) -> None:
        """Rebuild `table` without the hash dimension on `column`, with all rows, under a lock."""
        operations.invoke(cls(table=table, column=column, partitions=partitions))

    def reverse(self) -> AddDimensionOp:
        """The operation that adds the dimension."""
        return AddDimensionOp(table=self.table, column=self.column, partitions=self.partitions)
