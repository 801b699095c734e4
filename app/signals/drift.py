"""Whether the inputs are what they were when a model was trained: the population stability index.

Σ (now − then) · ln(now / then) over ten bins that held a tenth each then, and one for unknown:
below 0.1 little has changed, above 0.25 much (N. Siddiqi, Credit Risk Scorecards, 2006).
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np

from app.signals.frame import Floats
from app.signals.inputs import NAMES

_BINS = 10
_LEAST = 1e-4
FEWEST_ROWS = 200


class Population(TypedDict):
    """Inner edges of the bins of an input, and the share of each bin, that of unknown last."""

    edges: list[float]
    shares: list[float]


def populations(inputs: Floats) -> dict[str, Population]:
    """Of each input, as they are in training."""
    found: dict[str, Population] = {}
    for name, column in zip(NAMES, inputs.T, strict=True):
        known = column[np.isfinite(column)]
        steps = np.linspace(0, 1, _BINS + 1)[1:-1]
        edges = np.unique(np.quantile(known, steps)) if len(known) else np.array([])
        found[name] = {"edges": edges.tolist(), "shares": _shares(column, edges).tolist()}
    return found


def drift(then: Mapping[str, Population], inputs: Floats) -> dict[str, float]:
    """The index of each input; of too few rows nothing is said."""
    if len(inputs) < FEWEST_ROWS:
        return {}
    return {
        name: _index(then[name]["shares"], _shares(column, np.array(then[name]["edges"])))
        for name, column in zip(NAMES, inputs.T, strict=True)
        if name in then
    }


def _shares(column: Floats, edges: Floats) -> Floats:
    known = np.isfinite(column)
    place = np.where(known, np.searchsorted(edges, np.nan_to_num(column)), len(edges) + 1)
    found: Floats = np.bincount(place, minlength=len(edges) + 2) / len(column)
    return found


def _index(then: Sequence[float], now: Floats) -> float:
    before, after = np.maximum(then, _LEAST), np.maximum(now, _LEAST)
    return float(((after - before) * np.log(after / before)).sum())
