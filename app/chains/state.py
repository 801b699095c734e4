"""The newest chain of an exchange as rows, and how old it is."""

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from app.chains.bodies import Bodies
from app.chains.columns import ON_THE_WIRE, Contract, placed
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
    `incarnation` counts the databases that were met, as each begins its sequence anew.
    """

    chain: Chain
    read_at: float
    age_when_read_s: float | None
    incarnation: int = 0

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
        says that it is yet to come is as old as our knowledge of it.
        """
        mine, theirs = self.chain, last.chain
        if _identity(mine) == _identity(theirs):
            ages = [age for age in (self.age_when_read_s, last.age_s()) if age is not None]
            return replace(last, read_at=self.read_at, age_when_read_s=max(ages, default=None))
        rebuilt = theirs.head is not None and (
            mine.head is None or mine.head.sequence <= theirs.head.sequence
        )
        age_s = 0.0 if self.age_when_read_s is None else self.age_when_read_s
        return ChainState(mine, self.read_at, age_s, last.incarnation + rebuilt)


def _identity(chain: Chain) -> tuple[Any, ...]:
    head = chain.head
    return (None,) if head is None else (head.sequence, head.updated_at, head.timestamp)
