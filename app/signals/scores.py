"""How good forecasts were: by probability, by money after costs, and by how often one had tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import e, sqrt

import numpy as np
from numpy.typing import NDArray

from app.signals.frame import Floats

_FLOOR = 1e-9
_EULER = 0.5772156649015329
_BINS = 10
_DOUBT = 0.05


def log_loss(chances: Floats, target: NDArray[np.intp]) -> Floats:
    """Of each row: −ln of the chance that was given to what came."""
    return -np.log(np.maximum(chances[np.arange(len(target)), target], _FLOOR))


def brier(chances: Floats, target: NDArray[np.intp]) -> float:
    """Mean squared distance of the chances from what came, over all classes (0 best, 2 worst)."""
    came = np.eye(chances.shape[1])[target]
    return float(((chances - came) ** 2).sum(axis=1).mean())


def rise_loss(chances: Floats, target: NDArray[np.intp]) -> Floats:
    """Log loss of "up or down" of rows that moved; how often it moves at all is another question.

    That of a market in which nothing can be known of the direction is ln 2 for who says so.
    """
    down, up = chances[:, 0], chances[:, 2]
    share = up / np.maximum(down + up, _FLOOR)
    return -np.log(np.maximum(np.where(target == 2, share, 1 - share), _FLOOR))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Mean of a daily figure in units of its standard error, and what it would have to exceed."""

    t: float
    needed: float
    days: int

    @property
    def is_enough(self) -> bool:
        return self.t > self.needed


def evidence(better_by: Floats, days: NDArray[np.datetime64], tries: int) -> Evidence:
    """Whether something is better day after day, by so many tries (Bonferroni, 5 % in all).

    Rows of a day are one observation: their labels overlap.
    """
    from scipy.stats import t as student

    unique, place = np.unique(days, return_inverse=True)
    if len(unique) < 3:
        return Evidence(0.0, float("inf"), len(unique))
    daily = np.bincount(place, better_by) / np.bincount(place)
    spread = float(daily.std(ddof=1))
    score = 0.0 if spread == 0 else float(daily.mean()) / (spread / sqrt(len(daily)))
    needed = float(student.ppf(1 - _DOUBT / max(tries, 1), len(daily) - 1))
    return Evidence(score, needed, len(daily))


def returns(side: Floats, move: Floats, cost: float) -> Floats:
    """What following a side (−1, 0, 1) came to after costs, a share of the price, by row."""
    return np.where(side == 0, 0.0, side * move - cost)


def daily(values: Floats, days: NDArray[np.datetime64]) -> Floats:
    """The mean of each day, in order."""
    _, place = np.unique(days, return_inverse=True)
    found: Floats = np.bincount(place, values) / np.bincount(place)
    return found


def deflated_sharpe(by_day: Floats, tries: int) -> float | None:
    """Chance that a Sharpe ratio is above what the best of so many tries has by luck; else None.

    D. Bailey and M. López de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40
    (2014); the spread of ratios among the tries is that of nothing but luck.
    """
    from scipy.stats import kurtosis, norm, skew

    count, spread = len(by_day), float(by_day.std(ddof=1)) if len(by_day) > 2 else 0.0
    if spread == 0:
        return None
    ratio = float(by_day.mean()) / spread
    luck = 0.0
    if tries > 1:
        best = (1 - _EULER) * norm.ppf(1 - 1 / tries) + _EULER * norm.ppf(1 - 1 / (tries * e))
        luck = float(best) / sqrt(count - 1)
    lean, tails = float(skew(by_day)), float(kurtosis(by_day, fisher=False))
    error = 1 - lean * ratio + (tails - 1) / 4 * ratio**2
    return None if error <= 0 else float(norm.cdf((ratio - luck) * sqrt(count - 1) / sqrt(error)))


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of about the same chance: that chance on average, and how often it came so."""

    said: float
    came: float
    count: int


def reliability(chance: Floats, came: NDArray[np.bool_]) -> Sequence[Bin]:
    """Forecasts in ten bins of equal width."""
    place = np.clip((chance * _BINS).astype(int), 0, _BINS - 1)
    return [
        Bin(float(chance[at].mean()), float(came[at].mean()), int(at.sum()))
        for at in (place == each for each in range(_BINS))
        if at.any()
    ]
