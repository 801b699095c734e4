"""Says when an objective burns, once whoever notices first, and when it has recovered."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from app.telemetry.budgets import Budget, budgets
from app.telemetry.objectives import Objectives

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.performance import BurnAlert, Totals

_LOG = logging.getLogger("oi.telemetry")
_DAY_EVERY_S, _MONTH_EVERY_S = 60.0, 600.0


@dataclass(frozen=True, slots=True)
class Burning:
    """An objective that burns, or (`is_over`) burns no more, as others are told of it."""

    objective: str
    sentence: str
    burn: float
    is_over: bool = False


class Books(Protocol):
    """Where samples and alerts stand."""

    def newest(self) -> "AbstractContextManager[Connection]":
        """A connection that sees the newest commit."""
        ...

    def writing(self) -> "AbstractContextManager[Connection]":
        """A transaction."""
        ...


class Alarms:
    """Compares what was sampled with the objectives; `ring` is told what has begun or ended here.

    The figures of a day and a month are read less often than those of the hour.
    """

    def __init__(
        self,
        objectives: Objectives,
        books: Books,
        ring: Callable[[Burning], None] = lambda burning: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._objectives = objectives
        self._books = books
        self._ring = ring
        self._clock = clock
        self._day: tuple[float, Sequence[Totals]] = (-_DAY_EVERY_S, ())
        self._month: tuple[float, Sequence[Totals]] = (-_MONTH_EVERY_S, ())
        self.budgets: Sequence[Budget] = budgets(objectives, ())
        self.open: Sequence[BurnAlert] = ()

    def look(self) -> None:
        """Read and judge once; raises the errors of a missing database."""
        from db.queries.performance import open_alerts, totals_of_hour

        with self._books.newest() as connection:
            hour, is_open = totals_of_hour(connection), open_alerts(connection)
            self._renew(connection)
        self.budgets = budgets(self._objectives, hour, self._day[1], self._month[1])
        self.open = is_open
        known = {each.objective for each in is_open}
        for budget in self.budgets:
            if budget.burns and budget.objective.id not in known:
                self._begin(budget)
            elif budget.objective.id in known and budget.has_recovered:
                self._end(budget.objective.id, budget.objective.label)
        for name in known:
            if self._objectives.by_id(name) is None:
                # an operator took it out of the file
                self._end(name, name)

    def _renew(self, connection: "Connection") -> None:
        from db.queries.performance import totals_of_day, totals_of_month

        now = self._clock()
        if now - self._day[0] >= _DAY_EVERY_S:
            self._day = now, totals_of_day(connection)
        if now - self._month[0] >= _MONTH_EVERY_S:
            self._month = now, totals_of_month(connection)

    def _begin(self, budget: Budget) -> None:
        from db.ingest.performance import open_alert

        name, sentence = budget.objective.id, budget.sentence()
        burn = budget.of("1h").burn(budget.objective) or 0.0
        with self._books.writing() as connection:
            is_first = open_alert(connection, name, burn, sentence)
        if is_first:
            _LOG.error("objective %s burns: %s", name, sentence)
            self._ring(Burning(name, sentence, burn))

    def _end(self, name: str, label: str) -> None:
        from db.ingest.performance import resolve_alert

        with self._books.writing() as connection:
            is_first = resolve_alert(connection, name)
        if is_first:
            _LOG.warning("objective %s keeps within its budget again", name)
            self._ring(Burning(name, f"{label} keeps within its budget again.", 0.0, is_over=True))
