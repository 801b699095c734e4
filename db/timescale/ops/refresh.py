"""When rollups are refreshed: policies added, changed and removed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp
from db.timescale.specs import RefreshPolicy


@dataclass(kw_only=True)
class _RefreshPolicyOp(TimescaleOp):
    POSITIONAL: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    start_offset: timedelta | None
    end_offset: timedelta
    schedule_interval: timedelta

    @property
    def policy(self) -> RefreshPolicy:
        """The policy these arguments declare."""
        return RefreshPolicy(
            start_offset=self.start_offset,
            end_offset=self.end_offset,
            schedule_interval=self.schedule_interval,
        )


@Operations.register_operation("add_refresh_policy")
@dataclass(kw_only=True)
class AddRefreshPolicyOp(_RefreshPolicyOp):
    """Has a rollup refreshed on a schedule."""

    OPERATION: ClassVar[str] = "add_refresh_policy"

    @classmethod
    def add_refresh_policy(
        cls,
        operations: Operations,
        name: str,
        *,
        start_offset: timedelta | None,
        end_offset: timedelta,
        schedule_interval: timedelta,
    ) -> None:
        """Refresh rollup `name` every `schedule_interval`, from now − start to now − end offset.

        `start_offset` None is all of history; it must be younger than the retention of the source.

        https://docs.tigerdata.com/api/latest/continuous-aggregates/add_continuous_aggregate_policy/
        """
        operations.invoke(
            cls(
                name=name,
                start_offset=start_offset,
                end_offset=end_offset,
                schedule_interval=schedule_interval,
            )
        )

    def reverse(self) -> "RemoveRefreshPolicyOp":
        """The operation that removes it."""
        return RemoveRefreshPolicyOp(**self.values())


@Operations.register_operation("remove_refresh_policy")
@dataclass(kw_only=True)
class RemoveRefreshPolicyOp(_RefreshPolicyOp):
    """Ends a rollup's refreshes."""

    OPERATION: ClassVar[str] = "remove_refresh_policy"

    @classmethod
    def remove_refresh_policy(
        cls,
        operations: Operations,
        name: str,
        *,
        start_offset: timedelta | None,
        end_offset: timedelta,
        schedule_interval: timedelta,
    ) -> None:
        """Remove the refresh policy of rollup `name`; the rest is what the reverse restores."""
        operations.invoke(
            cls(
                name=name,
                start_offset=start_offset,
                end_offset=end_offset,
                schedule_interval=schedule_interval,
            )
        )

    def reverse(self) -> AddRefreshPolicyOp:
        """The operation that adds it again."""
        return AddRefreshPolicyOp(**self.values())


@Operations.register_operation("alter_refresh_policy")
@dataclass(kw_only=True)
class AlterRefreshPolicyOp(_RefreshPolicyOp):
    """Changes a rollup's refresh schedule."""

    OPERATION: ClassVar[str] = "alter_refresh_policy"

    existing_start_offset: timedelta | None
    existing_end_offset: timedelta
    existing_schedule_interval: timedelta

    @classmethod
    def alter_refresh_policy(
        cls,
        operations: Operations,
        name: str,
        *,
        start_offset: timedelta | None,
        end_offset: timedelta,
        schedule_interval: timedelta,
        existing_start_offset: timedelta | None,
        existing_end_offset: timedelta,
        existing_schedule_interval: timedelta,
    ) -> None:
        """Change rollup `name`'s policy; the `existing_` values are what downgrading restores."""
        operations.invoke(
            cls(
                name=name,
                start_offset=start_offset,
                end_offset=end_offset,
                schedule_interval=schedule_interval,
                existing_start_offset=existing_start_offset,
                existing_end_offset=existing_end_offset,
                existing_schedule_interval=existing_schedule_interval,
            )
        )

    def reverse(self) -> "AlterRefreshPolicyOp":
        """The same change backwards."""
        return AlterRefreshPolicyOp(
            name=self.name,
            start_offset=self.existing_start_offset,
            end_offset=self.existing_end_offset,
            schedule_interval=self.existing_schedule_interval,
            existing_start_offset=self.start_offset,
            existing_end_offset=self.end_offset,
            existing_schedule_interval=self.schedule_interval,
        )
