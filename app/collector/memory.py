"""The open interest of the last hour, by which changes are measured."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.analytics.baselines import baseline_position
from app.analytics.black_scholes import Floats
from app.analytics.forward import CARRY_LASTS
from db.market.limits import CHANGE_MINUTES
from db.market.ticks import OptionColumns

SPAN = timedelta(minutes=2 * max(CHANGE_MINUTES) + 1)
"""A change looks back at most twice its minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What a past snapshot is asked for: OI in units by instrument token, and the underlying.

    `token` ascends, `oi` runs beside it, NaN where it is unknown. `carry` is the forward over the
    index, NaN where that was unknown or stood still.
    """

    timestamp: datetime
    token: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    oi: Floats = field(default_factory=lambda: np.empty(0))
    underlying_price: float | None = None
    future_oi: int | None = None
    carry: float = np.nan

    @classmethod
    def of(
        cls,
        timestamp: datetime,
        options: OptionColumns,
        underlying_price: float | None,
        future_oi: int | None,
        carry: float = np.nan,
    ) -> "Moment":
        """What later snapshots will ask of a chain at that (aware) moment."""
        order = np.argsort(options.token, kind="stable")
        oi = np.where(options.oi < 0, np.nan, options.oi)[order]
        return cls(timestamp, options.token[order], oi, underlying_price, future_oi, carry)

    def oi_of(self, token: NDArray[np.int64]) -> Floats:
        """OI of the contracts with those tokens; NaN for others."""
        if len(self.token) == 0:
            return np.full(len(token), np.nan)
        place = np.minimum(np.searchsorted(self.token, token), len(self.token) - 1)
        return np.where(self.token[place] == token, self.oi[place], np.nan)


class Memory:
    """Past moments of one exchange key, oldest first.

    `is_complete` says whether it knows everything that history holds of the last hour; until it
    was given that, what it finds is right, and what it does not find may yet be there.
    """

    def __init__(self, moments: Iterable[Moment] | None = None) -> None:
        self._moments: list[Moment] = []
        self.is_complete = moments is not None
        if moments is not None:
            self.learn(moments)

    def learn(self, stored: Iterable[Moment]) -> None:
        """Take in what history holds; what was remembered meanwhile goes before it."""
        self.add(stored)
        self.is_complete = True

    def add(self, moments: Iterable[Moment]) -> None:
        """Take in some more moments; of one instant the one that knows more contracts stands."""
        known = {moment.timestamp: moment for moment in self._moments}
        for moment in moments:
            own = known.get(moment.timestamp)
            if own is None or len(moment.token) > len(own.token):
                known[moment.timestamp] = moment
        self._moments = sorted(known.values(), key=lambda moment: moment.timestamp)

    def remember(self, moment: Moment) -> None:
        """Add a moment; one of the same instant is replaced, an earlier one takes its place.

        Kept is what lies within an hour of it, on either side: a clock may have been set back.
        """
        at = moment.timestamp
        near = [m for m in self._moments if abs(m.timestamp - at) <= SPAN and m.timestamp != at]
        self._moments = sorted([*near, moment], key=lambda moment: moment.timestamp)

    def before(self, at: datetime, minutes: int) -> Moment | None:
        """The moment that stands for `minutes` before `at`; see `baseline_position`."""
        instants = [moment.timestamp for moment in self._moments]
        found = baseline_position(instants, at, minutes)
        return None if found is None else self._moments[found]

    def recent_underlying(self, at: datetime, count: int) -> list[float]:
        """The index at up to `count` moments before `at`, oldest first."""
        known = [
            moment.underlying_price
            for moment in self._moments
            if moment.timestamp < at and moment.underlying_price is not None
        ]
        return known[-count:]

    def carry(self, at: datetime) -> float:
        """What the forward was over the index, before `at` and lately on that day; else NaN."""
        known = (
            moment.carry
            for moment in reversed(self._moments)
            if timedelta() < at - moment.timestamp <= CARRY_LASTS
            and moment.timestamp.date() == at.date()
            and np.isfinite(moment.carry)
        )
        return next(known, float("nan"))
