"""Whether the inputs are what they were when a model was trained: the population stability index.

Σ (now − then) · ln(now / then) over ten bins that held a tenth each then, and one for unknown:
below 0.1 little has changed, above 0.25 much (N. Siddiqi, Credit Risk Scorecards, 2006). A week of
a market is never like all weeks: what a week of the training was away from the others is usual.
"""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from app.signals.frame import Floats, Instants
from app.signals.inputs import NAMES

_BINS = 10
_LEAST = 1e-4
WEEK_DAYS = 5
FEWEST_ROWS = 200

Counts = NDArray[np.intp]


class Population(TypedDict):
    """Inner edges of the bins of an input, and the share of each bin, that of unknown last.

    `usual` is the index of the week of the training that was farthest from all its other weeks.
    """

    edges: list[float]
    shares: list[float]
    usual: float


class Moved(TypedDict):
    """The index of an input now, and what is usual of it."""

    index: float
    usual: float


def populations(inputs: Floats, days: Instants) -> dict[str, Population]:
    """Of each input, as they are in training; `days` are those of the rows, ascending."""
    _, of_row = np.unique(days, return_inverse=True)
    found: dict[str, Population] = {}
    for name, column in zip(NAMES, inputs.T, strict=True):
        known = column[np.isfinite(column)]
        steps = np.linspace(0, 1, _BINS + 1)[1:-1]
        edges = np.unique(np.quantile(known, steps)) if len(known) else np.array([])
        place = _places(column, edges)
        found[name] = {
            "edges": edges.tolist(),
            "shares": _shares(np.bincount(place, minlength=len(edges) + 2)).tolist(),
            "usual": _usual(place, of_row, len(edges) + 2),
        }
    return found


def drift(then: Mapping[str, Population], inputs: Floats) -> dict[str, Moved]:
    """How far each input has moved; of too few rows nothing is said."""
    if len(inputs) < FEWEST_ROWS:
        return {}
    found: dict[str, Moved] = {}
    for name, column in zip(NAMES, inputs.T, strict=True):
        if name in then:
            edges = np.array(then[name]["edges"])
            counts = np.bincount(_places(column, edges), minlength=len(edges) + 2)
            index = _index(np.array(then[name]["shares"]), _shares(counts))
            found[name] = {"index": float(index), "usual": then[name]["usual"]}
    return found


def _usual(place: Counts, of_row: Counts, bins: int) -> float:
    """The farthest that five days in a row are from all others."""
    days = int(of_row[-1]) + 1 if len(of_row) else 0
    if days <= WEEK_DAYS:
        return 0.0
    by_day = np.zeros((days, bins), dtype=np.intp)
    np.add.at(by_day, (of_row, place), 1)
    summed = np.vstack([np.zeros(bins, dtype=np.intp), by_day.cumsum(axis=0)])
    weeks = summed[WEEK_DAYS:] - summed[:-WEEK_DAYS]
    return float(_index(_shares(summed[-1] - weeks), _shares(weeks)).max())


def _places(column: Floats, edges: Floats) -> Counts:
    known = np.isfinite(column)
    found: Counts = np.searchsorted(edges, np.nan_to_num(column))
    return np.where(known, found, len(edges) + 1)


def _shares(counts: Counts) -> Floats:
    found: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return found


def _index(then: Floats, now: Floats) -> Floats:
    before, after = np.maximum(then, _LEAST), np.maximum(now, _LEAST)
    found: Floats = ((after - before) * np.log(after / before)).sum(axis=-1)
    return found
