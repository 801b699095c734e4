"""Rollups against a direct GROUP BY over random histories, on every edition at hand.

After each action, what is newer than a rollup's last refresh must read as a direct GROUP BY
does; after each refresh, every bucket must, except those whose source rows were dropped, which must
read as they did then. At the end of a history all editions must give the same rows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import URL

from benchmarks.histories import ROLLUPS, Action, History, Refresh, random_history
from benchmarks.subjects import BUCKETS, EngineSubject, NativeSubject, Read, Subject, statement
from db.timescale.documents import rollup_document
from db.timescale.engine.install import install_statements
from db.timescale.specs import Aggregate, RollupSpec

_FIRST = datetime(2001, 1, 1, 9)
_APART = timedelta(hours=12)
_MATERIALIZED_CHUNK = timedelta(days=30)

Report = Callable[[int], None]


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


def run(urls: Sequence[URL], histories: int, seed: int, report: Report) -> Outcome:
    """Plays `histories` random ones on databases made for it on each server, and drops these."""
    source = Random(seed)  # noqa: S311  # reproducible on purpose
    with playground(urls) as (player, subjects):
        outcome = Outcome(seed, subjects)
        for _ in range(histories):
            outcome.differences += player.play(random_history(source))
            outcome.histories += 1
            report(outcome.histories)
        outcome.checks = player.checks
    return outcome


@contextmanager
def playground(urls: Sequence[URL]) -> Iterator[tuple[Player, list[str]]]:
    """A player over every engine that each server offers, and the names of those."""
    with ExitStack() as stack:
        subjects: list[Subject] = []
        for url in urls:
            subjects += _entered(stack, url)
        yield Player(subjects), [subject.label for subject in subjects]


def _entered(stack: ExitStack, url: URL) -> Iterator[Subject]:
    """The toolkit's engine, which every edition has; then, on Community, the server's own."""
    engine = stack.enter_context(_subject(url, native=False))
    yield engine
    if engine.label.startswith("community"):
        yield stack.enter_context(_subject(url, native=True))


@contextmanager
def _subject(url: URL, *, native: bool) -> Iterator[Subject]:
    name = f"oi_equivalence_{uuid4().hex[:12]}"
    with psycopg.connect(_conninfo(url), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with _prepared(_conninfo(url.set(database=name)), native) as subject:
                yield subject
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _prepared(conninfo: str, native: bool) -> Iterator[Subject]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        for script in install_statements():
            connection.execute(script.encode())  # scripts of ours, no parameters
        for name in ("make_ticks", "make_hypertable", "make_key"):
            connection.execute(statement(name))
        for spec in specs():
            document = Jsonb(rollup_document(spec))
            connection.execute(statement("make_rollup"), {"document": document, "native": native})
        # asked here: where the extension is not created the setting is unknown
        row = connection.execute("SHOW timescaledb.license").fetchone()
    edition = "apache" if row == ("apache",) else "community"
    label = f"{edition} ({'native' if native else 'engine'})"
    kind = NativeSubject if native else EngineSubject
    # never a cached plan: one made before a refresh reads later rows of the source than a new one,
    # and the two sides of a comparison must read alike
    subject = kind(
        lambda: psycopg.connect(conninfo, autocommit=True, prepare_threshold=None), label
    )
    try:
        yield subject
    finally:
        subject.close()


def specs() -> list[RollupSpec]:
    """A rollup of the table, one of that, and one whose buckets straddle chunks."""
    return [
        _spec(
            "eq_1m",
            "ticks",
            ("exchange",),
            oi_sum="sum(oi)",
            ticks="count(*)",
            low="min(ltp)",
            high="max(ltp)",
            mean="avg(ltp)",
            opened='first(ltp, "timestamp")',
            closed='last(ltp, "timestamp")',
            heavy="count(*) FILTER (WHERE oi > 50)",
        ),
        _spec(
            "eq_5m",
            "eq_1m",
            ("exchange",),
            oi_sum="sum(oi_sum)",
            ticks="sum(ticks)",
            low="min(low)",
            high="max(high)",
            opened="first(opened, bucket)",
            closed="last(closed, bucket)",
        ),
        _spec(
            "eq_25m",
            "ticks",
            (),
            "oi % 3 <> 0",
            oi_sum="sum(oi)",
            high="max(ltp)",
            ticks="count(*)",
        ),
    ]


def _spec(
    name: str, source: str, group_by: tuple[str, ...], where: str | None = None, **aggregates: str
) -> RollupSpec:
    return RollupSpec(
        name=name,
        source=source,
        time_column="timestamp" if source == "ticks" else "bucket",
        bucket=BUCKETS[name],
        group_by=group_by,
        aggregates=tuple(
            Aggregate(name=key, expression=expression) for key, expression in aggregates.items()
        ),
        where=where,
        chunk_interval=_MATERIALIZED_CHUNK,
    )


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
