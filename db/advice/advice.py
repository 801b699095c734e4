"""What could be better, with the evidence and the migration that would do it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from db.advice.statements import CountedStatement, generic_plan, top_statements


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


Rule = Callable[[Connection, tuple[PlannedStatement, ...]], Iterable[Advice]]


def advise(
    connection: Connection, *, threshold_ms: float = 5, least_calls: int = 5, most: int = 30
) -> tuple[Advice, ...]:
    """All advice for the database; empty when there is nothing to say.

    Only statements of at least `threshold_ms` mean time and `least_calls` calls count. Raises
    StatisticsMissingError where the server counts no statements.
    """
    from db.advice.chunk_interval import chunk_intervals
    from db.advice.columnstore import columnstores
    from db.advice.missing_index import missing_indexes
    from db.advice.rollup_candidate import rollup_candidates

    rules: tuple[Rule, ...] = (missing_indexes, chunk_intervals, columnstores, rollup_candidates)
    counted = top_statements(
        connection, threshold_ms=threshold_ms, least_calls=least_calls, most=most
    )
    planned = tuple(_planned(connection, counted))
    return tuple(advice for rule in rules for advice in rule(connection, planned))


def _planned(
    connection: Connection, counted: Iterable[CountedStatement]
) -> Iterator[PlannedStatement]:
    for one in counted:
        plan = generic_plan(connection, one.statement)
        if plan is not None:
            yield PlannedStatement(one, plan)
