"""The newest chain of an exchange as rows, and how old it is."""

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from app.chains.bodies import Bodies
from app.chains.columns import BEFORE_BOOK, ON_THE_WIRE, Contract, placed
from app.chains.summary import SILENT_WHEN, Facts, facts_of
from db.errors import OIError
from db.market.calendar import Phase, phase
from db.market.clock import market_now
from db.market.exchanges import exchange_named
from db.market.limits import STALE_AFTER_S

if TYPE_CHECKING:
    from db.queries.chain import LatestOption
    from db.queries.signals import Signal
    from db.queries.summary import ChainSummary

Key = tuple[float, str]
Leg = tuple[Any, ...]
Order = tuple[int, int]

STALE = "stale"
_NOTHING_YET = -1
# a server's clock is disciplined by milliseconds all the time; a second is a step
SLEW_S = 1.0
# beyond it a clock was set, and did not merely run a little faster
_STEP_S = 2.0


class ChainFaultError(OIError):
    """One exchange's stored chain cannot be shown; the others can."""


@dataclass(frozen=True)
class Chain:
    """One exchange's rows as of one sequence; what is made of them is made once, and kept here."""

    exchange: str
    head: "ChainSummary | None"
    rows: "tuple[LatestOption, ...]"
    signal: "Signal | None" = None
    bodies: Bodies = field(default_factory=Bodies, compare=False, repr=False)

    @property
    def sequence(self) -> int | None:
        """The place of this state among all of its database; None before the first one."""
        return None if self.head is None else self.head.sequence

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """The rows with their places around ATM."""
        atm = None if self.head is None else self.head.atm_strike
        return placed(self.rows, atm, exchange_named(self.exchange).strike_step)

    @cached_property
    def by_symbol(self) -> "dict[str, LatestOption]":
        """The rows by trading symbol."""
        return {row.symbol: row for row in self.rows}

    @cached_property
    def legs(self) -> dict[Key, Leg]:
        """Each contract's values in the order of `columns.FIELDS`."""
        takes = [column.shown for column in ON_THE_WIRE]
        return {
            (contract.row.strike, contract.row.option_type): tuple(take(contract) for take in takes)
            for contract in self.contracts
        }

    @cached_property
    def legs_before_book(self) -> dict[Key, Leg]:
        """The same without bid and ask and their quantities."""
        return {key: leg[:BEFORE_BOOK] for key, leg in self.legs.items()}

    @cached_property
    def facts(self) -> Facts:
        """The head line, without its status."""
        return facts_of(self.exchange, self.head, self.rows, self.signal)

    def facts_when(self, status: str) -> Facts:
        """For programs, with its status; of one that is not of the present no signal is told."""
        told = SILENT_WHEN.get(status, {}) if self.facts["ml_signal"] else {}
        return {**self.facts, **told, "status": status}

    def demand_sound(self) -> None:
        """Raise ChainFaultError when no page could be made of this."""
        for row in self.rows:
            if not isfinite(row.strike):
                raise ChainFaultError(
                    f"The chain of {self.exchange} cannot be shown: "
                    f"the strike of {row.symbol} is {row.strike}."
                )
        try:
            _ = self.legs, self.facts
        except Exception as error:
            raise ChainFaultError(
                f"The chain of {self.exchange} cannot be shown: {type(error).__name__}, {error}."
            ) from error


@dataclass(frozen=True, slots=True)
class ChainState:
    """A chain with its age when it was read; `read_at` is of the monotonic clock.

    The age is the database's own: how long ago it took this state, by one clock for both moments.
    `incarnation` counts the databases that were met, as each begins its sequence anew. What the
    database's clock said is `clock_ahead_s` more than our monotonic one, if it was asked.
    """

    chain: Chain
    read_at: float
    age_when_read_s: float | None
    incarnation: int = 0
    clock_ahead_s: float | None = None

    @property
    def exchange(self) -> str:
        """The exchange's key."""
        return self.chain.exchange

    @property
    def order(self) -> Order:
        """What a later state of this exchange exceeds, whatever any clock says."""
        sequence = self.chain.sequence
        return self.incarnation, _NOTHING_YET if sequence is None else sequence

    def age_s(self) -> float | None:
        """How long ago the database took this state; None if unknown, never negative."""
        if self.age_when_read_s is None:
            return None
        return self.age_when_read_s + max(0.0, time.monotonic() - self.read_at)

    def status(self) -> str:
        """'live', 'stale', 'closed' (old, outside the session) or 'initializing' (nothing yet)."""
        if self.chain.head is None:
            return "initializing"
        age_s = self.age_s()
        if age_s is not None and age_s <= STALE_AFTER_S:
            return "live"
        return "closed" if phase(market_now()) is Phase.CLOSED else STALE

    def after(self, last: "ChainState") -> "ChainState":
        """This state, read after `last` was: it is the newer one, whatever any clock says.

        One whose sequence went back, or names another moment, is of another database. The age of
        one that was known already never shrinks. One that is new and of which the database's clock
        says that it is yet to come is as old as our knowledge of it. A clock that was set between
        the two reads makes nothing older or younger.
        """
        mine, theirs = self.chain, last.chain
        if _identity(mine) == _identity(theirs):
            by_clock = self.age_when_read_s if self._clock_set_s(last) == 0 else None
            ages = [age for age in (by_clock, last.age_s()) if age is not None]
            return replace(
                last,
                read_at=self.read_at,
                age_when_read_s=max(ages, default=None),
                clock_ahead_s=self.clock_ahead_s,
            )
        rebuilt = theirs.head is not None and (
            mine.head is None or mine.head.sequence <= theirs.head.sequence
        )
        age_s = self.age_when_read_s if rebuilt else self._true_age_s(last)
        incarnation = last.incarnation + rebuilt
        return ChainState(mine, self.read_at, age_s or 0.0, incarnation, self.clock_ahead_s)

    def _clock_set_s(self, last: "ChainState") -> float:
        """By how much the database's clock was set ahead between both reads; 0 if it was not."""
        if self.clock_ahead_s is None or last.clock_ahead_s is None:
            return 0.0
        found_s = self.clock_ahead_s - last.clock_ahead_s
        return found_s if abs(found_s) > _STEP_S else 0.0

    def _true_age_s(self, last: "ChainState") -> float | None:
        """The age of a state that was not there when `last` was read, and so is younger than that.

        One that was taken before the clock was set is as much older by it as that was set ahead.
        """
        set_s, head = self._clock_set_s(last), self.chain.head
        if not set_s or head is None or self.clock_ahead_s is None:
            return self.age_when_read_s
        by_clock_s = self.clock_ahead_s + self.read_at - head.updated_at.timestamp()
        if -SLEW_S <= by_clock_s <= self.read_at - last.read_at + SLEW_S:
            return max(0.0, by_clock_s)
        return max(0.0, by_clock_s - set_s)


def _identity(chain: Chain) -> tuple[Any, ...]:
    head = chain.head
    return (None,) if head is None else (head.sequence, head.updated_at, head.timestamp)
