"""What a model is held against: forecasts that need none, or hardly one."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.signals.frame import Floats
from app.signals.labels import Labels
from app.signals.splits import Fold, Rows

_SURE = 0.98
_CLASSES = 3


def hold(fold: Fold, inputs: Floats, target: Rows, last: Rows) -> Floats:
    """Always HOLD, nearly sure."""
    chances = np.full((len(fold.test), _CLASSES), (1 - _SURE) / 2)
    chances[:, 1] = _SURE
    return chances


def majority(fold: Fold, inputs: Floats, target: Rows, last: Rows) -> Floats:
    """What came most often so far, with the shares of all three as chances."""
    return np.tile(_shares(target[fold.fit]), (len(fold.test), 1))


def last_signal(fold: Fold, inputs: Floats, target: Rows, last: Rows) -> Floats:
    """What usually came after the last outcome that was known at the time."""
    tables = np.array([_shares(target[fold.fit][last[fold.fit] == k]) for k in range(_CLASSES)])
    found: Floats = tables[last[fold.test]]
    return found


def logistic(fold: Fold, inputs: Floats, target: Rows, last: Rows) -> Floats:
    """Logistic regression on the same inputs."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    line: Any = make_pipeline(
        SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression(max_iter=500)
    )
    line.fit(inputs[fold.fit], target[fold.fit])
    found: Floats = line.predict_proba(inputs[fold.test])
    return found


BASELINES: Mapping[str, Callable[[Fold, Floats, Rows, Rows], Floats]] = {
    "always HOLD": hold,
    "majority": majority,
    "last signal": last_signal,
    "logistic regression": logistic,
}


def last_known(instants: Any, labels: Labels) -> Rows:
    """Of each labelled row, the class of the newest label of its day that had ended (else HOLD)."""
    order = np.argsort(labels.end, kind="stable")
    place = np.searchsorted(labels.end[order], instants, side="right") - 1
    newest = order[np.maximum(place, 0)]
    day = "datetime64[D]"
    is_known = (place >= 0) & (instants[newest].astype(day) == instants.astype(day))
    found: Rows = np.where(is_known, labels.side[newest] + 1, 1).astype(np.intp)
    return found


def _shares(target: Rows) -> Floats:
    """By class, of which none is impossible."""
    counts = np.bincount(target, minlength=_CLASSES) + 1.0
    shares: Floats = counts / counts.sum()
    return shares
