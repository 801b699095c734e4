"""What could be better, with the evidence and the migration that would do it."""

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Connection

from db.advice.chunk_interval import chunk_intervals
from db.advice.columnstore import columnstores
from db.advice.missing_index import missing_indexes
from db.advice.proposal import Advice, PlannedStatement
from db.advice.rollup_candidate import rollup_candidates
from db.advice.statements import CountedStatement, generic_plan, top_statements

Rule = Callable[[Connection, tuple[PlannedStatement, ...]], Iterable[Advice]]

_RULES: tuple[Rule, ...] = (missing_indexes, chunk_intervals, columnstores, rollup_candidates)


def advise(
    connection: Connection, *, threshold_ms: float = 5, least_calls: int = 5, most: int = 30
) -> tuple[Advice, ...]:
    """All advice for the database; empty when there is nothing to say.

    Only statements of at least `threshold_ms` mean time and `least_calls` calls count. Raises
    StatisticsMissingError where the server counts no statements.
    """
    counted = top_statements(
        connection, threshold_ms=threshold_ms, least_calls=least_calls, most=most
    )
    planned = tuple(_planned(connection, counted))
    return tuple(advice for rule in _RULES for advice in rule(connection, planned))


def _planned(
    connection: Connection, counted: Iterable[CountedStatement]
) -> Iterator[PlannedStatement]:
    for one in counted:
        plan = generic_plan(connection, one.statement)
        if plan is not None:
            yield PlannedStatement(one, plan)
