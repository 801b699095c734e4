"""Operations on the columnstore: its settings, and chunks moved in and out.

https://docs.tigerdata.com/use-timescale/latest/hypercore/
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp


@dataclass(kw_only=True)
class _ColumnstoreOp(TimescaleOp):
    table: str
    segment_by: list[str] = field(default_factory=list)
    order_by: list[str] = field(default_factory=list)


@Operations.register_operation("enable_columnstore")
@dataclass(kw_only=True)
class EnableColumnstoreOp(_ColumnstoreOp):
    """Lets chunks be stored by column (Community; recorded as skipped on Apache)."""

    OPERATION: ClassVar[str] = "enable_columnstore"

    @classmethod
    def enable_columnstore(
        cls,
        operations: Operations,
        table: str,
        *,
        segment_by: Sequence[str] = (),
        order_by: Sequence[str] = (),
    ) -> None:
        """Let chunks of `table` go to the columnstore, in segments and in an order.

        `order_by` holds columns, each with " DESC" where wanted. No chunk moves by itself: add a
        columnstore policy, or convert chunks.

        https://docs.tigerdata.com/api/latest/hypercore/alter_table/
        """
        operations.invoke(cls(table=table, segment_by=list(segment_by), order_by=list(order_by)))

    def reverse(self) -> "DisableColumnstoreOp":
        """The operation that brings every chunk back to the rowstore."""
        return DisableColumnstoreOp(**self.values())


@Operations.register_operation("disable_columnstore")
@dataclass(kw_only=True)
class DisableColumnstoreOp(_ColumnstoreOp):
    """Brings every chunk back to the rowstore and forgets the settings."""

    OPERATION: ClassVar[str] = "disable_columnstore"

    @classmethod
    def disable_columnstore(
        cls,
        operations: Operations,
        table: str,
        *,
        segment_by: Sequence[str] = (),
        order_by: Sequence[str] = (),
    ) -> None:
        """Bring all chunks back and disable the columnstore; its policy goes with it."""
        operations.invoke(cls(table=table, segment_by=list(segment_by), order_by=list(order_by)))

    def reverse(self) -> EnableColumnstoreOp:
        """The operation that enables it with the same settings."""
        return EnableColumnstoreOp(**self.values())


@Operations.register_operation("alter_columnstore")
@dataclass(kw_only=True)
class AlterColumnstoreOp(_ColumnstoreOp):
    """Gives chunks converted from now on other segments or another order."""

    OPERATION: ClassVar[str] = "alter_columnstore"

    existing_segment_by: list[str] = field(default_factory=list)
    existing_order_by: list[str] = field(default_factory=list)

    @classmethod
    def alter_columnstore(
        cls,
        operations: Operations,
        table: str,
        *,
        segment_by: Sequence[str] = (),
        order_by: Sequence[str] = (),
        existing_segment_by: Sequence[str] = (),
        existing_order_by: Sequence[str] = (),
    ) -> None:
        """Change segments and order; chunks that are there keep theirs until converted again."""
        operations.invoke(
            cls(
                table=table,
                segment_by=list(segment_by),
                order_by=list(order_by),
                existing_segment_by=list(existing_segment_by),
                existing_order_by=list(existing_order_by),
            )
        )

    def reverse(self) -> "AlterColumnstoreOp":
        """The same change backwards."""
        return AlterColumnstoreOp(
            table=self.table,
            segment_by=self.existing_segment_by,
            order_by=self.existing_order_by,
            existing_segment_by=self.segment_by,
            existing_order_by=self.order_by,
        )


@dataclass(kw_only=True)
class _ConvertChunksOp(TimescaleOp):
    table: str
    older_than: timedelta


@Operations.register_operation("convert_to_columnstore")
@dataclass(kw_only=True)
class ConvertToColumnstoreOp(_ConvertChunksOp):
    """Moves closed chunks to the columnstore at once, one transaction each."""

    OPERATION: ClassVar[str] = "convert_to_columnstore"

    @classmethod
    def convert_to_columnstore(
        cls, operations: Operations, table: str, *, older_than: timedelta
    ) -> None:
        """Convert chunks of `table` older than `older_than`, chunk by chunk, each committed.

        https://docs.tigerdata.com/api/latest/hypercore/convert_to_columnstore/
        """
        operations.invoke(cls(table=table, older_than=older_than))

    def reverse(self) -> "ConvertToRowstoreOp":
        """The operation that brings them back."""
        return ConvertToRowstoreOp(**self.values())


@Operations.register_operation("convert_to_rowstore")
@dataclass(kw_only=True)
class ConvertToRowstoreOp(_ConvertChunksOp):
    """Brings chunks back to the rowstore, one transaction each."""

    OPERATION: ClassVar[str] = "convert_to_rowstore"

    @classmethod
    def convert_to_rowstore(
        cls, operations: Operations, table: str, *, older_than: timedelta
    ) -> None:
        """Convert chunks of `table` older than `older_than` back, each committed.

        https://docs.tigerdata.com/api/latest/hypercore/convert_to_rowstore/
        """
        operations.invoke(cls(table=table, older_than=older_than))

    def reverse(self) -> ConvertToColumnstoreOp:
        """The operation that converts them."""
        return ConvertToColumnstoreOp(**self.values())
