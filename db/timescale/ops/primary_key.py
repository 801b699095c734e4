"""Setting the primary key of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp


@Operations.register_operation("set_primary_key")
@dataclass(kw_only=True)
class SetPrimaryKeyOp(TimescaleOp):
    """Gives a table a primary key in place of the one it has; no columns: it gets none."""

    OPERATION: ClassVar[str] = "set_primary_key"

    table: str
    name: str
    columns: tuple[str, ...]
    existing_name: str | None = None
    existing_columns: tuple[str, ...] = ()

    @classmethod
    def set_primary_key(
        cls,
        operations: Operations,
        table: str,
        *,
        name: str,
        columns: Sequence[str],
        existing_name: str | None = None,
        existing_columns: Sequence[str] = (),
    ) -> None:
        """Make `columns` the key of `table`; downgrading restores the `existing_` values."""
        operations.invoke(
            cls(
                table=table,
                name=name,
                columns=tuple(columns),
                existing_name=existing_name,
                existing_columns=tuple(existing_columns),
            )
        )

    def differences(self) -> list[str]:
        """The key that is not there."""
        return [f"primary key {self.name} ({', '.join(self.columns)}) of {self.table} is missing"]

    def reverse(self) -> "SetPrimaryKeyOp":
        """The key that was there, or none."""
        return SetPrimaryKeyOp(
            table=self.table,
            name=self.existing_name or self.name,
            columns=self.existing_columns,
            existing_name=self.name,
            existing_columns=self.columns,
        )
