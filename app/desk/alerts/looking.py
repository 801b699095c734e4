"""One look at the rules: what is due is read, judged, and what came of it written down."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from app.desk.alerts import sentences
from app.desk.alerts.figures import Sight, figures, needs_rows
from app.desk.alerts.judging import Look, Verdict, judged
from app.desk.alerts.rules import ON_OLD_DATA, Rule, rule_of
from app.telemetry.timing import timed
from db.engine import connected
from db.errors import InvalidInputError
from db.ingest.alerts import Told

if TYPE_CHECKING:
    from db.queries.alerts import WatchedAlert

_LOG = logging.getLogger("oi.alerts")


@dataclass(frozen=True, slots=True)
class Rung:
    """An alert that has fired, as others are told of it; `id` is its entry in the log."""

    id: int
    alert_id: int
    owner: str
    exchange: str
    kind: str
    value: float | None
    message: str
    at: datetime | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A rule with what a look at it has found."""

    row: "WatchedAlert"
    rule: Rule
    sight: Sight
    verdict: Verdict


class Looking:
    """Looks at the rules that are this collector's to watch; for one thread alone.

    All that a look reads is of one snapshot of the database, and what it finds is a step from one
    revision of a rule to the next: whoever looks at the same time, it is taken once.
    """

    def __init__(self, engine: Engine, holder: str) -> None:
        self._engine = engine
        self._holder = holder
        self._is_continuous: dict[str, bool] = {}
        self._seen: set[int] = set()
        self._told_of: set[int] = set()

    @timed("look at alerts")
    def look(
        self, chains: Iterable[str], now: datetime, *, at_feeds: bool
    ) -> tuple[bool, list[Rung]]:
        """Judge the rules on these chains, and those on feeds where that is wanted.

        Whether there are any rules at all, and what has fired. Raises the errors of a database
        that is away; nothing is lost by that: the next look finds the same.
        """
        with connected(self._engine) as connection:
            connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                rows = self._watched(connection)
                named = frozenset(chains)
                due = [
                    (row, rule)
                    for row, rule in rows
                    if row.exchange in named or (at_feeds and rule.kind in ON_OLD_DATA)
                ]
                found, known = self._judged(due, _sights(connection, due, now))
        exchanges = {row.exchange for row, _ in rows} if at_feeds else set()
        rung = self._written(found, exchanges)
        # a first look of which nothing was kept is yet to be taken
        self._seen |= known
        return bool(rows), rung

    def _watched(self, connection: Connection) -> "list[tuple[WatchedAlert, Rule]]":
        from db.ingest.leases import LEASE_S
        from db.queries.alerts import watched_alerts

        rows = watched_alerts(connection, self._holder, LEASE_S)
        self._seen &= {row.id for row in rows}
        return [(row, rule) for row in rows if (rule := self._sound(row)) is not None]

    def _sound(self, row: "WatchedAlert") -> Rule | None:
        """The rule of a row; None for one of an exchange key, say, that is no longer there."""
        self._is_continuous.setdefault(row.exchange, row.is_continuous)
        try:
            return rule_of(
                {
                    "exchange": row.exchange,
                    "kind": row.kind,
                    "params": row.params,
                    "repeats": row.repeats,
                    "cooldown_s": row.cooldown_s,
                }
            )
        except InvalidInputError as error:
            if row.id not in self._told_of:
                _LOG.warning("alert %d is left out: %s", row.id, error)
            self._told_of.add(row.id)
            return None

    def _judged(
        self, due: "Sequence[tuple[WatchedAlert, Rule]]", sights: Mapping[str, Sight]
    ) -> tuple[list[_Found], set[int]]:
        """What is to be written, and the rules of which anything is known."""
        found, known = [], set()
        for row, rule in due:
            sight = sights[row.exchange]
            shown = figures(rule, sight)
            is_first = row.id not in self._seen and not self._is_continuous[row.exchange]
            verdict = judged(
                rule, row.state, Look(shown, sight.expiry, is_first, row.since_fired_s)
            )
            if any(value is not None for value in shown.values()):
                known.add(row.id)
            if verdict.state != (row.state or {}):
                found.append(_Found(row, rule, sight, verdict))
        return found, known

    def _written(self, found: Sequence[_Found], exchanges: Iterable[str]) -> list[Rung]:
        from db.ingest.alerts import looked

        if not found and not exchanges:
            return []
        with connected(self._engine) as connection, connection.begin():
            if exchanges:
                looked(connection, sorted(exchanges))
            return [rung for each in found if (rung := _settled(connection, each)) is not None]


def _sights(
    connection: Connection, due: "Sequence[tuple[WatchedAlert, Rule]]", now: datetime
) -> dict[str, Sight]:
    from db.queries.chain import latest_chain
    from db.queries.feeds import feed_states
    from db.queries.summary import summary

    wide = {row.exchange for row, rule in due if needs_rows(rule)}
    feeds = {each.exchange: each for each in feed_states(connection)} if due else {}
    return {
        key: Sight(
            key,
            now,
            summary(connection, key),
            latest_chain(connection, key) if key in wide else (),
            feeds.get(key),
        )
        for key in {row.exchange for row, _ in due}
    }


def _settled(connection: Connection, found: _Found) -> Rung | None:
    """Take the step, unless another has; what has fired by it."""
    from db.ingest.alerts import settle_alert, tell

    row, verdict = found.row, found.verdict
    has_fired = bool(verdict.fired)
    revision = settle_alert(connection, row.id, row.revision, verdict.state, has_fired=has_fired)
    if revision is None or not (verdict.fired or verdict.noted):
        return None
    told = _told(found)
    entry = tell(connection, row, revision, told)
    _LOG.info("alert %d: %s", row.id, told.message)
    if not has_fired:
        return None
    return Rung(
        id=entry,
        alert_id=row.id,
        owner=row.owner,
        exchange=row.exchange,
        kind=row.kind,
        value=told.value,
        message=told.message,
        at=told.at,
        sequence=told.sequence,
    )


def _told(found: _Found) -> Told:
    verdict, head = found.verdict, found.sight.head
    shown = verdict.fired or verdict.noted
    message = (
        sentences.fired(found.rule, shown, found.row.state or {})
        if verdict.fired
        else sentences.noted(found.rule, shown)
    )
    return Told(
        fired=bool(verdict.fired),
        value=max(shown.values(), key=abs),
        message=message,
        at=None if head is None else head.timestamp,
        sequence=None if head is None else head.sequence,
    )
