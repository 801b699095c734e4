"""Operations on archiving: closed chunks move to a hypertable of larger chunks.

https://docs.tigerdata.com/api/latest/jobs-automation/add_job/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp
from db.timescale.sqltext import interval_text, relation

_DAILY = timedelta(days=1)


@dataclass(kw_only=True)
class _ArchivePolicyOp(TimescaleOp):
    table: str
    archive_after: timedelta
    archive_table: str
    history_view: str
    archive_chunk_interval: timedelta
    schedule_interval: timedelta = _DAILY

    @property
    def config(self) -> Mapping[str, Any]:
        """What the database keeps of the policy."""
        return {
            "archive_after": interval_text(self.archive_after),
            "archive_table": relation(self.archive_table),
            "history_view": relation(self.history_view),
            "archive_chunk_interval": interval_text(self.archive_chunk_interval),
        }


@Operations.register_operation("add_archive_policy")
@dataclass(kw_only=True)
class AddArchivePolicyOp(_ArchivePolicyOp):
    """Lets closed chunks move to an archive; as a job on Community, by the toolkit on Apache."""

    OPERATION: ClassVar[str] = "add_archive_policy"

    @classmethod
    def add_archive_policy(
        cls,
        operations: Operations,
        table: str,
        *,
        archive_after: timedelta,
        archive_table: str,
        history_view: str,
        archive_chunk_interval: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Move chunks of `table` older than `archive_after` to `archive_table`, one by one.

        The archive is a hypertable with the table's unique keys and a BRIN index on time, made
        here; `history_view` reads both sides. A chunk is copied, compared and dropped in one
        transaction, after the rollups above it have taken what changed.

        https://docs.tigerdata.com/api/latest/jobs-automation/add_job/
        """
        operations.invoke(
            cls(
                table=table,
                archive_after=archive_after,
                archive_table=archive_table,
                history_view=history_view,
                archive_chunk_interval=archive_chunk_interval,
                schedule_interval=schedule_interval or _DAILY,
            )
        )

    def reverse(self) -> "RemoveArchivePolicyOp":
        """The operation that brings every archived row back and removes the archive."""
        return RemoveArchivePolicyOp(**self.values())


@Operations.register_operation("remove_archive_policy")
@dataclass(kw_only=True)
class RemoveArchivePolicyOp(_ArchivePolicyOp):
    """Brings every archived row back and removes policy, archive and view."""

    OPERATION: ClassVar[str] = "remove_archive_policy"

    @classmethod
    def remove_archive_policy(
        cls,
        operations: Operations,
        table: str,
        *,
        archive_after: timedelta,
        archive_table: str,
        history_view: str,
        archive_chunk_interval: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Remove the policy and the archive; its rows return to `table` first."""
        operations.invoke(
            cls(
                table=table,
                archive_after=archive_after,
                archive_table=archive_table,
                history_view=history_view,
                archive_chunk_interval=archive_chunk_interval,
                schedule_interval=schedule_interval or _DAILY,
            )
        )

    def reverse(self) -> AddArchivePolicyOp:
        """The operation that makes an empty archive and the policy."""
        return AddArchivePolicyOp(**self.values())


@Operations.register_operation("mend_archive")
@dataclass(kw_only=True)
class MendArchiveOp(_ArchivePolicyOp):
    """Makes what an archive lacks: its table, or the view that reads both sides."""

    OPERATION: ClassVar[str] = "mend_archive"

    @classmethod
    def mend_archive(
        cls,
        operations: Operations,
        table: str,
        *,
        archive_after: timedelta,
        archive_table: str,
        history_view: str,
        archive_chunk_interval: timedelta,
        schedule_interval: timedelta | None = None,
    ) -> None:
        """Make the archive table and the history view of a policy where they are missing."""
        operations.invoke(
            cls(
                table=table,
                archive_after=archive_after,
                archive_table=archive_table,
                history_view=history_view,
                archive_chunk_interval=archive_chunk_interval,
                schedule_interval=schedule_interval or _DAILY,
            )
        )

    def differences(self) -> list[str]:
        """What may be gone."""
        both = f"{self.archive_table} or {self.history_view}"
        return [f"the archive of {self.table} is incomplete: {both} is missing"]

    def reverse(self) -> "MendArchiveOp":
        """The same: what is mended stays."""
        return MendArchiveOp(**self.values())


@Operations.register_operation("alter_archive_policy")
@dataclass(kw_only=True)
class AlterArchivePolicyOp(TimescaleOp):
    """Archives earlier or later, or looks more or less often; the archive stays."""

    OPERATION: ClassVar[str] = "alter_archive_policy"

    table: str
    archive_after: timedelta
    schedule_interval: timedelta = _DAILY
    existing_archive_after: timedelta
    existing_schedule_interval: timedelta = _DAILY

    @classmethod
    def alter_archive_policy(
        cls,
        operations: Operations,
        table: str,
        *,
        archive_after: timedelta,
        schedule_interval: timedelta | None = None,
        existing_archive_after: timedelta,
        existing_schedule_interval: timedelta | None = None,
    ) -> None:
        """Change when chunks move; the `existing_` values are what downgrading restores."""
        operations.invoke(
            cls(
                table=table,
                archive_after=archive_after,
                schedule_interval=schedule_interval or _DAILY,
                existing_archive_after=existing_archive_after,
                existing_schedule_interval=existing_schedule_interval or _DAILY,
            )
        )

    def reverse(self) -> "AlterArchivePolicyOp":
        """The same change backwards."""
        return AlterArchivePolicyOp(
            table=self.table,
            archive_after=self.existing_archive_after,
            schedule_interval=self.existing_schedule_interval,
            existing_archive_after=self.archive_after,
            existing_schedule_interval=self.schedule_interval,
        )
