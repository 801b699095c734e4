"""What a rule is given, and what it proposes."""

from dataclasses import asdict, dataclass
from typing import Any

from db.advice.statements import CountedStatement


@dataclass(frozen=True)
class Advice:
    """One proposal; `migration` is the body of upgrade(), `plan` is what was measured."""

    kind: str
    target: str
    evidence: tuple[str, ...]
    migration: str
    statement: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class PlannedStatement:
    """A counted statement with its generic plan."""

    counted: CountedStatement
    plan: dict[str, Any]

    @property
    def cost_text(self) -> str:
        """What it costs as counted, for the evidence."""
        one = self.counted
        return (
            f"{one.calls} calls, mean {one.mean_ms:,.1f} ms, "
            f"{one.pages / max(one.calls, 1):,.0f} pages a call"
        )
