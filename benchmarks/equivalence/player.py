"""Rollups against a direct GROUP BY over random histories, on every edition at hand.

After each action, what is newer than a rollup's last refresh must read as a direct GROUP BY
does; after each refresh, every bucket must, except those whose source rows were dropped, which must
read as they did then. At the end of a history all editions must give the same rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.equivalence.actions import ROLLUPS, Action, History, Refresh
from benchmarks.equivalence.subjects import (
    NativeSubject,
    Read,
    Subject,
)

_FIRST = datetime(2001, 1, 1, 9)
_APART = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Difference:
    """A rollup that did not read as it must: which, where, after what, and the rows in question."""

    history: int
    subject: str
    rollup: str
    check: str
    actions: History
    missing: Read
    unexpected: Read

    def document(self) -> dict[str, Any]:
        """The difference as JSON."""
        return {
            "history": self.history,
            "subject": self.subject,
            "rollup": self.rollup,
            "check": self.check,
            "actions": [repr(action) for action in self.actions],
            "missing": sorted(map(repr, self.missing)),
            "unexpected": sorted(map(repr, self.unexpected)),
        }


@dataclass(slots=True)
class Outcome:
    """How many histories were played, on what, and where a rollup read otherwise."""

    seed: int
    subjects: list[str]
    histories: int = 0
    checks: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def editions(self) -> list[str]:
        """The editions among the subjects."""
        return sorted({subject.partition(" ")[0] for subject in self.subjects})

    def document(self) -> dict[str, Any]:
        """The outcome as JSON; `differences` counts them, `examples` holds the first ten."""
        return {
            "histories": self.histories,
            "differences": len(self.differences),
            "editions": self.editions,
            "subjects": self.subjects,
            "seed": self.seed,
            "checks": self.checks,
            "examples": [difference.document() for difference in self.differences[:10]],
        }


class Player:
    """Plays histories on subjects, each in a time of its own, and compares what they answer."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.checks = 0
        self._subjects = subjects
        self._played = 0

    def play(self, history: History) -> list[Difference]:
        """Plays one history on every subject; what differed."""
        base = _FIRST + self._played * _APART
        differences: list[Difference] = []
        for subject in self._subjects:
            subject.begin(base)
            for position, action in enumerate(history, start=1):
                subject.play(action)
                differences += self._checked(subject, action, history[:position])
            for rollup in ROLLUPS:
                subject.play(Refresh(rollup))
                differences += self._checked(subject, Refresh(rollup), history)
        differences += self._compared(history)
        self._played += 1
        return differences

    def _checked(self, subject: Subject, last: Action, actions: History) -> Iterator[Difference]:
        for rollup in ROLLUPS:
            tail_from = max(subject.watermark(rollup), subject.base - timedelta(hours=1))
            found = subject.read(rollup)
            tail = frozenset(row for row in found if row[0] >= tail_from)
            wanted = subject.direct(rollup, tail_from)
            yield from self._difference(subject, rollup, "tail", actions, tail, wanted)
            if isinstance(last, Refresh) and rollup in _refreshed(last):
                whole, wanted = _whole(subject, rollup, found)
                yield from self._difference(subject, rollup, "refreshed", actions, whole, wanted)

    def _compared(self, history: History) -> Iterator[Difference]:
        first, *others = self._subjects
        limits = [s.comparable_from for s in self._subjects if isinstance(s, NativeSubject)]
        limit = max(limits, default=first.base - _APART)
        for other in others:
            for rollup in ROLLUPS:
                wanted, found = (
                    frozenset(row for row in subject.read(rollup) if row[0] >= limit)
                    for subject in (first, other)
                )
                yield from self._difference(other, rollup, "editions", history, found, wanted)

    def _difference(
        self,
        subject: Subject,
        rollup: str,
        check: str,
        actions: History,
        found: Read,
        wanted: Read,
    ) -> Iterator[Difference]:
        self.checks += 1
        if found != wanted:
            yield Difference(
                self._played,
                subject.label,
                rollup,
                check,
                actions,
                missing=wanted - found,
                unexpected=found - wanted,
            )


def _refreshed(last: Refresh) -> tuple[str, ...]:
    return ("eq_1m", "eq_5m") if last.rollup == "eq_5m" else (last.rollup,)


def _whole(subject: Subject, rollup: str, found: Read) -> tuple[Read, Read]:
    wanted = subject.direct(rollup)
    if isinstance(subject, NativeSubject):
        limit = subject.comparable_from
        return (
            frozenset(row for row in found if row[0] >= limit),
            frozenset(row for row in wanted if row[0] >= limit),
        )
    frozen = subject.frozen[rollup]
    kept = frozenset(row for rows in frozen.values() for row in rows)
    return found, frozenset(row for row in wanted if row[0] not in frozen) | kept
