"""Fills what history lacks of the chains that are followed from the broker's minute candles.

A request costs the same for five minutes and for two months, and the broker takes three a second:
so each contract is asked for once, for all that is missing of it. Those around the money come
first, of all chains, and at once give the changes of open interest on the page their past; then
chain after chain is completed and stored, its newest minutes first. A chain is stored whole or not
at all, so that an instant that is there is never looked at again.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine

from app.collector.enrich import enriched, moment_of
from app.collector.failures import may_pass, raise_if_not_migrated, reason
from app.collector.gap_fetch import GapFetch, Progress
from app.collector.gap_plans import Plan, near_first, planned, wanted
from app.collector.memory import SPAN, Memory
from app.collector.past import Past, stored_past
from app.collector.rolling import roll_up
from app.feeds.validation import checked
from app.kite.account import Account
from app.kite.candles import Candles
from app.kite.fetching import Ask, Fetcher, Patience, Wanted
from app.kite.gaps import stretches
from app.kite.history import chains
from app.kite.listing import Listing
from app.telemetry.timing import timed
from app.worker import Worker
from db.engine import connected
from db.errors import NotMigratedError
from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES
from db.market.ticks import ChainSnapshot, EnrichedSnapshot, Source

_LOG = logging.getLogger("oi.collector")
MOST_FAILED = 0.2
"""A chain of whose contracts a larger share failed is not stored but tried again."""

_FIRST_MINUTES, _MINUTES = 5, 10
_LATE = timedelta(minutes=2)
_UNDERLYINGS, _NEAR = "underlyings", "around the money"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """How gaps are filled: of how many trading days, and how often they are looked for.

    `interval_s` is what lies between two snapshots; the pauses are seconds between two looks: while
    nothing is followed yet, after something failed, and otherwise.
    """

    interval_s: float = 30.0
    days: int = 1
    source: Source = "live"
    early_s: float = 0.5
    again_s: float = 60.0
    look_s: float = 300.0
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class Filled:
    """What was stored, in snapshots and rows, and contracts turned away by the checks."""

    snapshots: int = 0
    rows: int = 0
    rejected: int = 0
    looks: int = 0


class Bootstrap:
    """A thread that looks for gaps, fills them with what the account is told, and looks again.

    `followed` tells the chains that are followed now, `leads` which of them this collector writes;
    `on_progress` is called by the thread. What it stores is never put over what is there.
    """

    def __init__(
        self,
        engine: Engine,
        account: Account,
        followed: Callable[[], Mapping[str, Listing]],
        past: Past,
        options: BootstrapOptions | None = None,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        leads: Callable[[str], bool] = lambda exchange: True,
        now: Callable[[], datetime] = market_now,
    ) -> None:
        self.progress = Progress(0, 0, "")
        self.filled = Filled()
        self._engine = engine
        self._followed = followed
        self._past = past
        self._options = options or BootstrapOptions()
        self._on_progress = on_progress
        self._leads = leads
        self._now = now
        self._worker = Worker("bootstrap", self._turn)
        self._closed = self._worker.closed
        self.fetcher = Fetcher(_asking(account), self._closed, self._options.patience, now)
        self._vain: dict[str, set[datetime]] = {}
        self._is_behind = False

    def start(self) -> None:
        """Begin to look for gaps."""
        self._worker.start()

    def close(self, timeout_s: float = 1.0) -> None:
        """End within a second; what is not stored yet is found missing by the next one."""
        self._worker.close(timeout_s)

    def _turn(self) -> float | None:
        try:
            pause_s = self._look()
            self.filled.looks += 1
        except NotMigratedError as error:
            _LOG.error("%s", error)
            return None
        except Exception as error:  # the past may fail; what is live goes on
            _LOG.error("gaps of history are not filled", exc_info=error)
            return self._options.again_s
        finally:
            self._tell(Progress(self.progress.done, self.progress.total, ""))
        return pause_s

    def _look(self) -> float:
        """Fill what is missing now; seconds until the next look."""
        followed = self._followed()
        led = self._led(followed)
        if not led:
            return self._options.early_s
        # a chain that is not this collector's yet may be its own soon
        later_s = self._options.look_s if len(led) == len(followed) else self._options.again_s
        plans = [plan for plan in map(self._planned, led) if plan is not None]
        if not plans:
            self._roll_up()
            return later_s
        began = time.monotonic()
        minutes = sum(len(plan.minutes) for plan in plans)
        candles = GapFetch(self.fetcher, wanted(plans), self._tell)
        _LOG.info(
            "%d minutes are missing of %s; asking for candles of %d instruments",
            *(minutes, ", ".join(plan.key for plan in plans), candles.total),
        )
        is_whole = self._fill(plans, candles)
        self._roll_up()
        _LOG.info(
            "%d snapshots stored from candles so far, %d instruments without (%.0f s)",
            *(self.filled.snapshots, len(candles.failed), time.monotonic() - began),
        )
        return later_s if is_whole else self._options.again_s

    @timed("bootstrap")
    def _fill(self, plans: Sequence[Plan], candles: GapFetch) -> bool:
        """Whether all that could be had is stored."""
        candles.fetch(_UNDERLYINGS, (token for plan in plans for token in plan.behind))
        candles.fetch(_NEAR, near_first(plans, candles.found))
        for plan in plans:
            self._remember(plan, chains(plan.listing, candles.found, plan.minutes))
        # of a chain that is being stored the next one's candles come meanwhile
        done = [self._complete(plan, candles) for plan in candles.whole(plans)]
        return all(done) and not self._closed.is_set()

    def _complete(self, plan: Plan, candles: GapFetch) -> bool:
        tokens = plan.listing.token.tolist()
        failed = sum(token in candles.failed for token in tokens)
        if failed > MOST_FAILED * len(tokens):
            _LOG.warning("%d of %d contracts of %s failed", failed, len(tokens), plan.key)
            return False
        found = chains(plan.listing, candles.found, plan.minutes)
        self._remember(plan, found)
        made = self._enriched(plan.key, found)
        for part in _newest_first(made):
            if self._closed.is_set():
                return False
            self._store(part)
        if self._closed.is_set():
            return False
        stored = {each.timestamp for each in made}
        # what the broker has not got by now is not asked for again
        late = self._now() - _LATE
        vain = (minute for minute in plan.minutes if minute not in stored and minute < late)
        self._vain.setdefault(plan.key, set()).update(vain)
        return True

    def _led(self, followed: Mapping[str, Listing]) -> list[Listing]:
        ordered = [followed[key] for key in EXCHANGES if key in followed]
        return [listing for listing in ordered if self._leads(listing.exchange.key)]

    def _planned(self, listing: Listing) -> Plan | None:
        """What is missing of a chain, but for what was asked for in vain; None for nothing."""
        options = self._options
        asked = partial(planned, listing=listing, now=self._now(), days=options.days)
        found = self._attempt(partial(asked, interval_s=options.interval_s))
        if found is None:
            return None
        vain = self._vain.get(found.key, set())
        minutes = tuple(minute for minute in found.minutes if minute not in vain)
        return Plan(listing, minutes) if minutes else None

    def _remember(self, plan: Plan, found: Iterable[ChainSnapshot]) -> None:
        """Give the chain that is live now the past that its changes are measured by."""
        oldest = self._now() - SPAN
        moments = [moment_of(each) for each in found if each.timestamp >= oldest]
        self._past.add(plan.key, moments)

    def _enriched(self, exchange: str, found: Sequence[ChainSnapshot]) -> list[EnrichedSnapshot]:
        """With everything computed, in the order of time, beside what is stored between."""
        by_end = {each.timestamp: each for each in found}
        memory, made = Memory(()), []
        for stretch in stretches(by_end):
            stored = self._attempt(partial(stored_past, exchange=exchange, at=stretch[0]))
            memory.learn(stored or ())
            for minute in stretch:
                if self._closed.is_set():
                    return []
                sound, faults = checked(by_end[minute], self._now)
                self.filled.rejected += faults.total()
                if sound is not None:
                    made.append(enriched(sound, memory, source=self._options.source))
                    memory.remember(moment_of(sound))
        return made

    @timed("store the past")
    def _store(self, part: Sequence[EnrichedSnapshot]) -> None:
        from db.ingest import add_history

        stored = self._attempt(partial(add_history, snapshots=part))
        self.filled.snapshots += stored or 0
        self.filled.rows += sum(len(each.options) for each in part) if stored else 0
        today = self._now().astimezone(IST).date()
        self._is_behind |= bool(stored) and part[0].timestamp.astimezone(IST).date() < today

    @timed("refresh rollups")
    def _roll_up(self) -> None:
        if self._is_behind and not self._closed.is_set():
            roll_up(self._engine)
            self._is_behind = False

    def _attempt(self, action: Callable[[Connection], T]) -> T | None:
        """What came of it, once the database takes it; None at the end, or when it refuses."""
        while not self._closed.is_set():
            try:
                with connected(self._engine) as connection, connection.begin():
                    return action(connection)
            except Exception as error:
                raise_if_not_migrated(error)
                if not may_pass(error):
                    _LOG.error("the database refused a past chain: %s", reason(error))
                    return None
                self._closed.wait(self._options.early_s)
        return None

    def _tell(self, progress: Progress) -> None:
        self.progress = progress
        self._on_progress(progress)


def _newest_first(made: Sequence[EnrichedSnapshot]) -> list[Sequence[EnrichedSnapshot]]:
    """Parts small enough that what is live waits for none of them."""
    cut = max(0, len(made) - _FIRST_MINUTES)
    starts = [cut, *range(cut - _MINUTES, -_MINUTES, -_MINUTES)]
    ends = [len(made), *starts]
    parts = (made[max(0, first) : last] for first, last in zip(starts, ends, strict=False))
    return [part for part in parts if part]


def _asking(account: Account) -> Ask:
    def ask(each: Wanted) -> Candles:
        return account.ask(lambda client: client.candles(each.token, each.start, each.end))

    return ask
