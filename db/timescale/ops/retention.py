"""Operations on retention: chunks whose rows are all older than a limit are dropped.

https://docs.tigerdata.com/api/latest/data-retention/add_retention_policy/
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp

_DAILY = timedelta(days=1)


@dataclass(kw_only=True)
class _RetentionOp(TimescaleOp):
    POSITIONAL: ClassVar[tuple[str, ...]] = ("relation",)

    relation: str
    drop_after: timedelta
    schedule_interval: timedelta = _DAILY


@Operations.register_operation("add_retention_policy")
@dataclass(kw_only=True)
class AddRetentionPolicyOp(_RetentionOp):
    """Lets old chunks be dropped; on Apache the toolkit's own maintenance does it."""

    OPERATION: ClassVar[str] = "add_retention_policy"

    @classmethod
    def add_retention_policy(
        cls,
        operations: Operations,
        relation: str,
        *,
        drop_after: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Drop chunks of a hypertable or rollup once all their rows are older than `drop_after`.

        https://docs.tigerdata.com/api/latest/data-retention/add_retention_policy/
        """
        operations.invoke(
            cls(
                relation=relation,
                drop_after=drop_after,
                schedule_interval=schedule_interval or _DAILY,
            )
        )

    def reverse(self) -> "RemoveRetentionPolicyOp":
        """The operation that removes the policy; rows it dropped are gone."""
        return RemoveRetentionPolicyOp(**self.values())


@Operations.register_operation("remove_retention_policy")
@dataclass(kw_only=True)
class RemoveRetentionPolicyOp(_RetentionOp):
    """Keeps chunks for ever again."""

    OPERATION: ClassVar[str] = "remove_retention_policy"

    @classmethod
    def remove_retention_policy(
        cls,
        operations: Operations,
        relation: str,
        *,
        drop_after: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Remove the policy; its values are what downgrading restores.

        https://docs.tigerdata.com/api/latest/data-retention/remove_retention_policy/
        """
        operations.invoke(
            cls(
                relation=relation,
                drop_after=drop_after,
                schedule_interval=schedule_interval or _DAILY,
            )
        )

    def reverse(self) -> AddRetentionPolicyOp:
        """The operation that adds the policy."""
        return AddRetentionPolicyOp(**self.values())


@Operations.register_operation("alter_retention_policy")
@dataclass(kw_only=True)
class AlterRetentionPolicyOp(_RetentionOp):
    """Gives a retention policy other values."""

    OPERATION: ClassVar[str] = "alter_retention_policy"

    existing_drop_after: timedelta
    existing_schedule_interval: timedelta = _DAILY

    @classmethod
    def alter_retention_policy(
        cls,
        operations: Operations,
        relation: str,
        *,
        drop_after: timedelta,
        schedule_interval: timedelta | None = None,
        existing_drop_after: timedelta,
        existing_schedule_interval: timedelta | None = None,
    ) -> None:
        """Change the policy; the `existing_` values are what downgrading restores."""
        operations.invoke(
            cls(
                relation=relation,
                drop_after=drop_after,
                schedule_interval=schedule_interval or _DAILY,
                existing_drop_after=existing_drop_after,
                existing_schedule_interval=existing_schedule_interval or _DAILY,
            )
        )

    def reverse(self) -> "AlterRetentionPolicyOp":
        """The same change backwards."""
        return AlterRetentionPolicyOp(
            relation=self.relation,
            drop_after=self.existing_drop_after,
            schedule_interval=self.existing_schedule_interval,
            existing_drop_after=self.drop_after,
            existing_schedule_interval=self.schedule_interval,
        )
