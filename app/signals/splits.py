"""Walk-forward splits by trading day: what is tested on is always later than all it learnt from.

A row is purged from an earlier block when its label ends within the later one or within the
embargo, whole trading days before it: López de Prado (2018), chapter 7.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.signals.frame import Instants
from db.errors import InvalidInputError

Rows = NDArray[np.intp]
FEWEST_DAYS = 12
_TESTED = 0.4
_ASIDE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows to fit on, to stop by, to calibrate by and to test on, each later than the last."""

    fit: Rows
    stop: Rows
    calibrate: Rows
    test: Rows


def walk_forward(instants: Instants, ends: Instants, folds: int, embargo_days: int) -> list[Fold]:
    """Folds whose tests follow each other over the last part of the days.

    `instants` and `ends` are those of labelled rows, ascending. Raises InvalidInputError for too
    few days.
    """
    days, of_row = np.unique(instants.astype("datetime64[D]"), return_inverse=True)
    if len(days) < FEWEST_DAYS:
        raise InvalidInputError(
            f"Only {len(days)} trading days can be learnt from; at least {FEWEST_DAYS} are needed."
        )
    first = int(len(days) * (1 - _TESTED))
    bounds = np.linspace(first, len(days), min(folds, len(days) - first) + 1).astype(int)
    blocks = _Blocks(days, of_row, instants, ends, embargo_days)
    return [blocks.fold(int(a), int(b)) for a, b in pairwise(bounds)]


def final(instants: Instants, ends: Instants, embargo_days: int) -> Fold:
    """The split of all that is known, for the model that is served: nothing is left to test on."""
    days, of_row = np.unique(instants.astype("datetime64[D]"), return_inverse=True)
    blocks = _Blocks(days, of_row, instants, ends, embargo_days)
    return blocks.fold(len(days), len(days))


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    days: NDArray[Any]
    of_row: Rows
    instants: Instants
    ends: Instants
    embargo_days: int

    def fold(self, test: int, after: int) -> Fold:
        """The fold that tests on the days from `test` to before `after`."""
        aside = max(1, int((test - self.embargo_days) * _ASIDE))
        calibrate = max(2, test - self.embargo_days - aside)
        stop = max(1, calibrate - self.embargo_days - aside)
        return Fold(
            fit=self._block(0, stop),
            stop=self._block(stop, calibrate),
            calibrate=self._block(calibrate, test),
            test=np.flatnonzero((self.of_row >= test) & (self.of_row < after)),
        )

    def _block(self, first: int, later: int) -> Rows:
        """Rows from a day to before the block that begins on a later one, purged."""
        inside = (self.of_row >= first) & (self.of_row < later)
        if later >= len(self.days):
            return np.flatnonzero(inside)
        barred = self.days[max(later - self.embargo_days, 0)].astype("datetime64[us]")
        return np.flatnonzero(inside & (self.ends < barred))
