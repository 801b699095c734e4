"""Letting a policy rest, and letting it run again.

https://docs.tigerdata.com/api/latest/jobs-automation/alter_job/
"""

from dataclasses import dataclass
from typing import ClassVar

from alembic.operations import Operations

from db.timescale.ops.base import TimescaleOp


@dataclass(kw_only=True)
class _PolicyOp(TimescaleOp):
    POSITIONAL: ClassVar[tuple[str, ...]] = ("kind", "relation")

    kind: str
    relation: str

    def differences(self) -> list[str]:
        """Which policy it is."""
        return [f"{self.OPERATION.replace('_', ' ')}: {self.kind} of {self.relation}"]


@Operations.register_operation("resume_policy")
@dataclass(kw_only=True)
class ResumePolicyOp(_PolicyOp):
    """Lets a policy run that was paused."""

    OPERATION: ClassVar[str] = "resume_policy"

    @classmethod
    def resume_policy(cls, operations: Operations, kind: str, relation: str) -> None:
        """Let the policy of that kind ("refresh", "archive", …) of a relation run again."""
        operations.invoke(cls(kind=kind, relation=relation))

    def reverse(self) -> "PausePolicyOp":
        """The pause."""
        return PausePolicyOp(kind=self.kind, relation=self.relation)

    def differences(self) -> list[str]:
        """Which policy rests."""
        return [f"{self.kind} policy of {self.relation} is paused"]


@Operations.register_operation("pause_policy")
@dataclass(kw_only=True)
class PausePolicyOp(_PolicyOp):
    """Lets a policy rest until it is resumed."""

    OPERATION: ClassVar[str] = "pause_policy"

    @classmethod
    def pause_policy(cls, operations: Operations, kind: str, relation: str) -> None:
        """Let the policy of that kind ("refresh", "archive", …) of a relation rest."""
        operations.invoke(cls(kind=kind, relation=relation))

    def reverse(self) -> ResumePolicyOp:
        """The resumption."""
        return ResumePolicyOp(kind=self.kind, relation=self.relation)
