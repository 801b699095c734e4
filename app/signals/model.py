"""A model as it is served: LightGBM's trees and a calibration, neither pandas nor scikit-learn."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from app.signals.frame import Floats
from app.signals.inputs import LABELS, NAMES

CLASSES = ("SELL", "HOLD", "BUY")
_REASONS = 4
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sharp the trees are to be taken, and how often each class came where they learnt."""

    beta: float
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Booster:
    """LightGBM's own predictor, one thread: another process's work is not held up by it."""

    trees: Any

    @classmethod
    def of(cls, text: str) -> "Booster":
        """From the text format; raises what LightGBM says of one that it cannot read."""
        import lightgbm

        lightgbm.register_logger(_Silent())
        return cls(lightgbm.Booster(model_str=text))

    def raw(self, inputs: Floats) -> Floats:
        """Uncalibrated probabilities (rows, classes)."""
        found: Floats = self.trees.predict(inputs, num_threads=1)
        return found

    def contributions(self, inputs: Floats, place: int) -> Floats:
        """What each input adds to the score of one class, of the first row: (inputs,)."""
        found = self.trees.predict(inputs, pred_contrib=True, num_threads=1)[0]
        width = len(NAMES) + 1
        part: Floats = found[place * width : (place + 1) * width - 1]
        return part


class _Silent:
    """What LightGBM would print; what matters is raised."""

    def info(self, message: str) -> None:
        """Nothing a server's log needs."""

    def warning(self, message: str) -> None:
        """Nothing a server's log needs."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model by its id; `horizon_s`, `width` and `cost_bps` say what it speaks of.

    `last_day` is the last one that it may have learnt from.
    """

    id: str
    booster: Booster
    calibration: Calibration
    horizon_s: int
    width: float
    cost_bps: float
    last_day: date

    def probabilities(self, inputs: Floats) -> Floats:
        """(rows, classes), calibrated."""
        return calibrated(self.booster.raw(inputs), self.calibration)

    def reasons(self, inputs: Floats, signal: str) -> tuple[tuple[str, float | None, float], ...]:
        """(what, its value, what it adds to the score), the weightiest first, of one row."""
        added = self.booster.contributions(inputs, CLASSES.index(signal))
        order = np.argsort(-np.abs(added), kind="stable")[:_REASONS]
        return tuple(
            (LABELS[NAMES[i]], _known(float(inputs[0, i])), float(added[i]))
            for i in order
            if added[i] != 0
        )


def weighted(raw: Floats, shares: "Floats | tuple[float, ...]") -> Floats:
    """Chances where classes come as often as they do, from trees to which all weighed the same."""
    weighed = raw * np.asarray(shares)
    found: Floats = weighed / weighed.sum(axis=1, keepdims=True)
    return found


def calibrated(raw: Floats, calibration: Calibration) -> Floats:
    """Temperature scaling, as scikit-learn's `CalibratedClassifierCV(method="temperature")`.

    C. Guo et al., On Calibration of Modern Neural Networks (2017), https://arxiv.org/abs/1706.04599
    """
    scores = calibration.beta * np.log(weighted(raw, calibration.shares) + _LEAST)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
