"""How a model is fitted: boosted trees that say the same each time, calibrated on later days."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.signals.frame import Floats
from app.signals.inputs import NAMES
from app.signals.model import CLASSES, Booster, Calibration, calibrated, weighted
from app.signals.splits import Fold, Rows
from db.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of the trees; `seed` and one thread make two runs give the same model."""

    trees: int = 400
    patience: int = 40
    learning_rate: float = 0.03
    leaves: int = 15
    least_rows: int = 200
    rows_share: float = 0.7
    inputs_share: float = 0.6
    seed: int = 7

    def of_lightgbm(self) -> dict[str, Any]:
        """Under LightGBM's names."""
        return {
            "objective": "multiclass",
            "num_class": len(CLASSES),
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "bagging_fraction": self.rows_share,
            "bagging_freq": 1,
            "feature_fraction": self.inputs_share,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
        }


@dataclass(frozen=True, slots=True)
class Fitted:
    """Trees as LightGBM's text with their calibration.

    `gain` is what each input contributed to the trees, as shares of one.
    """

    text: str
    calibration: Calibration
    trees: int
    gain: dict[str, float]

    def probabilities(self, inputs: Floats) -> Floats:
        """(rows, classes) in the order of `CLASSES`."""
        return calibrated(Booster.of(self.text).raw(inputs), self.calibration)


def fitted(inputs: Floats, target: Rows, fold: Fold, chosen: Parameters) -> Fitted:
    """Fit on one block, stop by the next, calibrate by the one after; `target` are classes.

    Raises InvalidInputError where a block lacks one of the outcomes.
    """
    _demand_all_outcomes(target, fold)
    shares = np.bincount(target[fold.fit], minlength=len(CLASSES)) / len(fold.fit)
    trees = _trees(inputs, target, fold, chosen, 1 / (len(CLASSES) * shares))
    rounds = int(trees.best_iteration)
    text = trees.model_to_string(num_iteration=rounds)
    gain = np.asarray(trees.feature_importance("gain", iteration=rounds), dtype=float)
    total = float(gain.sum())
    beta = _temperature(Booster.of(text), shares, inputs[fold.calibrate], target[fold.calibrate])
    return Fitted(
        text=text,
        calibration=Calibration(beta, tuple(shares.tolist())),
        trees=rounds,
        gain={n: float(g / total) if total else 0.0 for n, g in zip(NAMES, gain, strict=True)},
    )


def _demand_all_outcomes(target: Rows, fold: Fold) -> None:
    for name, rows in (("fit", fold.fit), ("stop", fold.stop), ("calibrate", fold.calibrate)):
        if len(np.unique(target[rows])) < len(CLASSES):
            raise InvalidInputError(
                f"The days to {name} by do not hold all of rise, fall and neither; take more days "
                "or another --width."
            )


def _trees(inputs: Floats, target: Rows, fold: Fold, chosen: Parameters, weight: Floats) -> Any:
    """Every class weighs the same while trees grow; the shares are put back in afterwards."""
    import lightgbm

    given: dict[str, Any] = {"feature_name": list(NAMES), "free_raw_data": True}
    learnt = lightgbm.Dataset(
        inputs[fold.fit], target[fold.fit], weight=weight[target[fold.fit]], **given
    )
    seen = lightgbm.Dataset(
        inputs[fold.stop],
        target[fold.stop],
        weight=weight[target[fold.stop]],
        reference=learnt,
        **given,
    )
    return lightgbm.train(
        chosen.of_lightgbm(),
        learnt,
        num_boost_round=chosen.trees,
        valid_sets=[seen],
        callbacks=[lightgbm.early_stopping(chosen.patience, verbose=False)],
    )


def _temperature(booster: Booster, shares: Floats, inputs: Floats, target: Rows) -> float:
    """What scikit-learn finds, as the number that serving needs: it is not loaded there."""
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    class Trees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped in scikit-learn
        """The trees as scikit-learn sees a classifier that is fitted."""

        def __init__(self) -> None:
            self.classes_ = np.arange(len(CLASSES))

        def fit(self, inputs: Floats, target: Rows) -> "Trees":
            return self

        def predict(self, inputs: Floats) -> Rows:
            found: Rows = self.predict_proba(inputs).argmax(axis=1)
            return found

        def predict_proba(self, inputs: Floats) -> Floats:
            return weighted(booster.raw(inputs), shares)

    found = CalibratedClassifierCV(FrozenEstimator(Trees()), method="temperature")
    found.fit(inputs, target)
    return float(found.calibrated_classifiers_[0].calibrators[0].beta_)
