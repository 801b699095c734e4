"""What the index did afterwards: a triple barrier whose sides stand beyond the costs of a trade.

The first of three ends a label: the index rises to the upper barrier (+1), falls to the lower one
(−1), or the time is over (0). A barrier stands as far from the price as India VIX says that the
index moves in that time, by `width`, plus `cost`: M. López de Prado, Advances in Financial Machine
Learning (2018), chapter 3. None reaches over the end of the index's continuous session (its
auction's print comes after), a day's end or a gap of the feed: then nothing is known (NaN).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.signals.frame import Floats, Frame, Instants
from db.market.calendar import Instrument, session
from db.market.clock import to_naive_ist
from db.market.limits import SERIES_GAP_S

_SECOND = np.timedelta64(1_000_000, "us")
# what an annual volatility is spread over
_YEAR_S = 252 * 375 * 60
_BASIS = 1e-4


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds to the time barrier, share of the expected move, and costs there and back.

    `cost_bps` is in hundredths of a percent of the index.
    """

    horizon_s: int = 900
    width: float = 0.5
    cost_bps: float = 3.0

    @property
    def cost(self) -> float:
        """Costs as a share of the price."""
        return self.cost_bps * _BASIS

    def barrier(self, vix: Floats) -> Floats:
        """How far from the price the two sides stand, as a share of it."""
        expected = vix / 100 * np.sqrt(self.horizon_s / _YEAR_S)
        return self.width * np.where(expected > 0, expected, np.nan) + self.cost


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """By row: the side (−1, 0, 1), the index's return until the label ends, and when that is.

    NaN and NaT where nothing is known.
    """

    side: Floats
    move: Floats
    end: Instants

    @property
    def is_known(self) -> NDArray[np.bool_]:
        return np.isfinite(self.side)


def labels(frame: Frame, rules: Rules, *, nights: bool = False) -> Labels:
    """The labels of a frame's rows; with `nights` also of those that lie beside the session.

    A market that is not live may trade then.
    """
    side, move = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    end = np.full(len(frame), np.datetime64("NaT", "us"))
    priced = np.flatnonzero(np.isfinite(frame.price))
    if len(priced):
        found = _of_priced(frame.rows(priced), rules, nights)
        side[priced], move[priced], end[priced] = found.side, found.move, found.end
    return Labels(side, move, end)


def _of_priced(frame: Frame, rules: Rules, nights: bool) -> Labels:
    price, instants = frame.price, frame.instants
    barrier = rules.barrier(frame["vix"])
    over = instants + rules.horizon_s * _SECOND
    held = in_session(frame) & (over <= _closes(frame))
    if nights:
        held |= (over <= _opens(frame)) | (instants >= _prints(frame))
    can = held & (over <= _last_of_run(frame)) & np.isfinite(barrier)
    side, at = np.zeros(len(frame)), np.arange(len(frame))
    waits = np.flatnonzero(can)
    ahead = 0
    while len(waits):
        ahead += 1
        # a row that can be labelled has rows up to its horizon at least
        later = np.minimum(waits + ahead, len(frame) - 1)
        is_in_time = (waits + ahead < len(frame)) & (instants[later] <= over[waits])
        waits, later = waits[is_in_time], later[is_in_time]
        moved = price[later] / price[waits] - 1
        at[waits] = later
        hit = np.abs(moved) >= barrier[waits]
        side[waits[hit]] = np.sign(moved[hit])
        waits = waits[~hit]
    return Labels(
        side=np.where(can, side, np.nan),
        move=np.where(can, price[at] / price - 1, np.nan),
        end=np.where(can, instants[at], np.datetime64("NaT", "us")),
    )


def in_session(frame: Frame) -> NDArray[np.bool_]:
    """Which rows lie within the index's continuous session: no other row is ever labelled."""
    return (frame.instants >= _opens(frame)) & (frame.instants < _closes(frame))


def _last_of_run(frame: Frame) -> Instants:
    """Of each row, the last instant before the feed pauses or the day ends."""
    pause = np.diff(frame.instants) > SERIES_GAP_S * _SECOND
    breaks = np.flatnonzero(pause | (np.diff(frame.days) != np.timedelta64(0, "D")))
    ends = np.append(breaks, len(frame) - 1)
    found: Instants = frame.instants[ends[np.searchsorted(ends, np.arange(len(frame)))]]
    return found


def _opens(frame: Frame) -> Instants:
    return _of_session(frame, "opens", "9999-12-31")


def _closes(frame: Frame) -> Instants:
    return _of_session(frame, "closes", "1970-01-01")


def _prints(frame: Frame) -> Instants:
    return _of_session(frame, "prints", "1970-01-01")


def _of_session(frame: Frame, moment: str, never: str) -> Instants:
    """A moment of the index's session of each row's day; `never` on a day without one."""
    days, place = np.unique(frame.days, return_inverse=True)
    found = [_moment(day.item(), moment, never) for day in days]
    return np.array(found, "datetime64[us]")[place]


def _moment(day: date, moment: str, never: str) -> Any:
    held = session(day, Instrument.INDEX)
    return np.datetime64(never if held is None else to_naive_ist(getattr(held, moment)), "us")
