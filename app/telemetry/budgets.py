"""How much of what may go wrong has gone wrong: error budgets, and whether one burns.

The rules are those of https://sre.google/workbook/alerting-on-slos/: a burn of 1 uses the budget up
exactly by the end of its window; an alert needs a long window that burns fast, so that it matters,
and a short one that still does, so that it ends soon after the trouble.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.telemetry.objectives import Objective, Objectives

if TYPE_CHECKING:
    from db.queries.performance import HourTotals, Totals

Window = Literal["5m", "1h", "1d", "30d"]

BURNS_FROM = 6.0
"""Times the pace at which a budget lasts its window: from then on an hour counts as burning."""

FEWEST = 10
"""Fewer than so many that went wrong in an hour may be chance: nothing is said of them."""

_RECOVERED_BELOW = 1.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Operations that an objective covers in a window, and those of them that went wrong."""

    operations: int = 0
    bad: int = 0

    def burn(self, objective: Objective) -> float | None:
        """Times the pace that the budget allows; None where nothing happened."""
        return self.bad / self.operations / objective.budget if self.operations else None

    def left(self, objective: Objective) -> float | None:
        """The share of the window's budget that is left; below zero it is overdrawn."""
        burn = self.burn(objective)
        return None if burn is None else 1.0 - burn

    def good(self) -> float | None:
        """The share that went well."""
        return 1.0 - self.bad / self.operations if self.operations else None


NOTHING = Spent()


@dataclass(frozen=True, slots=True)
class Budget:
    """One objective over its windows."""

    objective: Objective
    spent: Mapping[Window, Spent]

    def of(self, window: Window) -> Spent:
        """What was spent in a window."""
        return self.spent.get(window, NOTHING)

    @property
    def burns(self) -> bool:
        """Whether the last hour and still its last five minutes use the budget up fast."""
        hour, late = self.of("1h"), self.of("5m")
        fast = (spent.burn(self.objective) or 0.0 for spent in (hour, late))
        return hour.bad >= FEWEST and all(burn >= BURNS_FROM for burn in fast)

    @property
    def has_recovered(self) -> bool:
        """Whether the last five minutes keep within the budget, or nothing happens any more."""
        burn = self.of("5m").burn(self.objective)
        return burn is None or burn < _RECOVERED_BELOW

    @property
    def word(self) -> Literal["ok", "slow", "failing", "–"]:
        """How it is just now; nothing is said where nothing happened for an hour."""
        if not self.of("1h").operations:
            return "–"
        if self.burns:
            return "failing"
        burn = self.of("5m").burn(self.objective)
        return "slow" if burn is not None and burn >= _RECOVERED_BELOW else "ok"

    def sentence(self) -> str:
        """What burns, for a person."""
        hour, objective = self.of("1h"), self.objective
        return (
            f"{objective.label}: {hour.bad:,} of {hour.operations:,} in the last hour failed or "
            f"took longer than {objective.within_ms:g} ms, where {objective.budget:.2%} may."
        )


def budgets(
    objectives: Objectives,
    hour: "Iterable[HourTotals]",
    day: "Iterable[Totals]" = (),
    month: "Iterable[Totals]" = (),
) -> list[Budget]:
    """All objectives with what was spent, of totals by kind and name."""
    found: dict[str, dict[Window, Spent]] = {each.id: {} for each in objectives.all}

    def add(kind: str, name: str, window: Window, operations: int, bad: int) -> None:
        objective = objectives.of((kind, name))  # type: ignore[arg-type]  # as it was stored
        if objective is not None:
            before = found[objective.id].get(window, NOTHING)
            found[objective.id][window] = Spent(before.operations + operations, before.bad + bad)

    for each in hour:
        add(each.kind, each.name, "1h", each.operations, each.bad)
        add(each.kind, each.name, "5m", each.late_operations or 0, each.late_bad or 0)
    for total in day:
        add(total.kind, total.name, "1d", total.operations, total.bad)
    for total in month:
        add(total.kind, total.name, "30d", total.operations, total.bad)
    return [Budget(each, found[each.id]) for each in objectives.all]
