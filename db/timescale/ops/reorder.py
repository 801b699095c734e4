"""Operations on the policy that rewrites closed chunks in the order of an index.

https://docs.tigerdata.com/api/latest/hypertable/add_reorder_policy/
"""

from dataclasses import dataclass
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp


@dataclass(kw_only=True)
class _ReorderPolicyOp(TimescaleOp):
    table: str
    index: str


@Operations.register_operation("add_reorder_policy")
@dataclass(kw_only=True)
class AddReorderPolicyOp(_ReorderPolicyOp):
    """Lets closed chunks be rewritten in an index's order (Community; skipped on Apache)."""

    OPERATION: ClassVar[str] = "add_reorder_policy"

    @classmethod
    def add_reorder_policy(cls, operations: Operations, table: str, *, index: str) -> None:
        """Rewrite closed chunks of `table` in the order of `index`.

        https://docs.tigerdata.com/api/latest/hypertable/add_reorder_policy/
        """
        operations.invoke(cls(table=table, index=index))

    def reverse(self) -> "RemoveReorderPolicyOp":
        """The operation that removes the policy."""
        return RemoveReorderPolicyOp(**self.values())


@Operations.register_operation("remove_reorder_policy")
@dataclass(kw_only=True)
class RemoveReorderPolicyOp(_ReorderPolicyOp):
    """Leaves chunks in the order they were written."""

    OPERATION: ClassVar[str] = "remove_reorder_policy"

    @classmethod
    def remove_reorder_policy(cls, operations: Operations, table: str, *, index: str) -> None:
        """Remove the policy; `index` is what downgrading restores.

        https://docs.tigerdata.com/api/latest/hypertable/remove_reorder_policy/
        """
        operations.invoke(cls(table=table, index=index))

    def reverse(self) -> AddReorderPolicyOp:
        """The operation that adds the policy."""
        return AddReorderPolicyOp(**self.values())


@Operations.register_operation("alter_reorder_policy")
@dataclass(kw_only=True)
class AlterReorderPolicyOp(_ReorderPolicyOp):
    """Follows another index."""

    OPERATION: ClassVar[str] = "alter_reorder_policy"

    existing_index: str

    @classmethod
    def alter_reorder_policy(
        cls, operations: Operations, table: str, *, index: str, existing_index: str
    ) -> None:
        """Rewrite chunks in the order of `index`; `existing_index` is what downgrading restores."""
        operations.invoke(cls(table=table, index=index, existing_index=existing_index))

    def reverse(self) -> "AlterReorderPolicyOp":
        """The same change backwards."""
        return AlterReorderPolicyOp(
            table=self.table, index=self.existing_index, existing_index=self.index
        )
