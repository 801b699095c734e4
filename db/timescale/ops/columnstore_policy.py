"""Operations on the policy that moves closed chunks to the columnstore.

https://docs.tigerdata.com/api/latest/hypercore/add_columnstore_policy/
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp

_TWICE_A_DAY = timedelta(hours=12)


@dataclass(kw_only=True)
class _ColumnstorePolicyOp(TimescaleOp):
    table: str
    after: timedelta
    schedule_interval: timedelta = _TWICE_A_DAY


@Operations.register_operation("add_columnstore_policy")
@dataclass(kw_only=True)
class AddColumnstorePolicyOp(_ColumnstorePolicyOp):
    """Lets closed chunks move to the columnstore (Community; recorded as skipped on Apache)."""

    OPERATION: ClassVar[str] = "add_columnstore_policy"

    @classmethod
    def add_columnstore_policy(
        cls,
        operations: Operations,
        table: str,
        *,
        after: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Move chunks of `table` to the columnstore once they are older than `after`.

        https://docs.tigerdata.com/api/latest/hypercore/add_columnstore_policy/
        """
        operations.invoke(
            cls(table=table, after=after, schedule_interval=schedule_interval or _TWICE_A_DAY)
        )

    def reverse(self) -> "RemoveColumnstorePolicyOp":
        """The operation that removes the policy; chunks stay where they are."""
        return RemoveColumnstorePolicyOp(**self.values())


@Operations.register_operation("remove_columnstore_policy")
@dataclass(kw_only=True)
class RemoveColumnstorePolicyOp(_ColumnstorePolicyOp):
    """Leaves chunks where they are from now on."""

    OPERATION: ClassVar[str] = "remove_columnstore_policy"

    @classmethod
    def remove_columnstore_policy(
        cls,
        operations: Operations,
        table: str,
        *,
        after: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Remove the policy; its values are what downgrading restores.

        https://docs.tigerdata.com/api/latest/hypercore/remove_columnstore_policy/
        """
        operations.invoke(
            cls(table=table, after=after, schedule_interval=schedule_interval or _TWICE_A_DAY)
        )

    def reverse(self) -> AddColumnstorePolicyOp:
        """The operation that adds the policy."""
        return AddColumnstorePolicyOp(**self.values())


@Operations.register_operation("alter_columnstore_policy")
@dataclass(kw_only=True)
class AlterColumnstorePolicyOp(_ColumnstorePolicyOp):
    """Gives a columnstore policy other values."""

    OPERATION: ClassVar[str] = "alter_columnstore_policy"

    existing_after: timedelta
    existing_schedule_interval: timedelta = _TWICE_A_DAY

    @classmethod
    def alter_columnstore_policy(
        cls,
        operations: Operations,
        table: str,
        *,
        after: timedelta,
        schedule_interval: timedelta | None = None,
        existing_after: timedelta,
        existing_schedule_interval: timedelta | None = None,
    ) -> None:
        """Change the policy; the `existing_` values are what downgrading restores."""
        operations.invoke(
            cls(
                table=table,
                after=after,
                schedule_interval=schedule_interval or _TWICE_A_DAY,
                existing_after=existing_after,
                existing_schedule_interval=existing_schedule_interval or _TWICE_A_DAY,
            )
        )

    def reverse(self) -> "AlterColumnstorePolicyOp":
        """The same change backwards."""
        return AlterColumnstorePolicyOp(
            table=self.table,
            after=self.existing_after,
            schedule_interval=self.existing_schedule_interval,
            existing_after=self.after,
            existing_schedule_interval=self.schedule_interval,
        )
