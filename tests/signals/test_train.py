"""Training: a planted effect is found, noise is called noise, and two runs are one."""

import numpy as np
import pytest
from scipy.stats import norm

from app.signals import scores
from app.signals.baselines import last_known
from app.signals.decide import decided
from app.signals.estimator import fitted
from app.signals.inputs import matrix
from app.signals.labels import Rules, labels
from app.signals.model import Calibration, calibrated, weighted
from app.signals.report import html_report, text_report
from app.signals.splits import final
from app.signals.train import MODEL, Plan, Result, train
from db.errors import InvalidInputError
from tests.signals.market import SMALL, frame


def test_a_planted_effect_is_found(found: Result) -> None:
    assert found.has_found
    assert "Something was found" in found.verdict
    assert max(found.model.gain, key=lambda name: found.model.gain[name]) == "itm_ce_breadth"
    assert found.scores[MODEL].log_loss < found.scores["majority"].log_loss
    assert found.scores[MODEL].return_bps is not None
    assert found.scores[MODEL].return_bps > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_in_noise_there_is_nothing_to_find(seed: int) -> None:
    noise = train(frame(20, effect=0, seed=seed), Plan(parameters=SMALL, folds=2))
    assert not noise.has_found
    assert "nothing to find" in noise.verdict


def test_who_tried_often_needs_more() -> None:
    better = np.tile([0.1, 0.0, 0.05, 0.02], 5)
    days = np.repeat(np.arange("2025-09-01", "2025-09-11", dtype="datetime64[D]"), 2)
    needed = [scores.evidence(better, days, tries).needed for tries in (1, 10, 100)]
    assert needed == sorted(needed)
    assert needed[0] < needed[2]


def test_two_runs_give_the_same_model_and_calibration() -> None:
    data = frame(14, effect=1, seed=4)
    known = labels(data, Rules())
    rows = np.flatnonzero(known.is_known)
    target = (known.side[rows] + 1).astype(np.intp)
    fold = final(data.instants[rows], known.end[rows], 1)
    first, second = (fitted(matrix(data)[rows], target, fold, SMALL) for _ in range(2))
    assert (first.text, first.calibration) == (second.text, second.calibration)


def test_serving_calibrates_as_scikit_learn_does() -> None:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    shares = np.array([0.2, 0.5, 0.3])

    class Given(ClassifierMixin, BaseEstimator):
        def __init__(self) -> None:
            self.classes_ = np.arange(3)

        def fit(self, inputs: np.ndarray, target: np.ndarray) -> "Given":
            return self

        def predict(self, inputs: np.ndarray) -> np.ndarray:
            return self.predict_proba(inputs).argmax(axis=1)

        def predict_proba(self, inputs: np.ndarray) -> np.ndarray:
            return weighted(inputs, shares)

    rng = np.random.default_rng(3)
    raw = rng.dirichlet((2, 2, 2), 400)
    target = np.array([rng.choice(3, p=row) for row in raw])
    theirs = CalibratedClassifierCV(FrozenEstimator(Given()), method="temperature")
    theirs.fit(raw, target)
    beta = float(theirs.calibrated_classifiers_[0].calibrators[0].beta_)
    ours = calibrated(raw, Calibration(beta, tuple(shares)))
    np.testing.assert_allclose(ours, theirs.predict_proba(raw), rtol=1e-9)


def test_days_that_cannot_be_labelled_are_refused() -> None:
    data = frame(14, effect=0, seed=4)
    data["vix"][:] = np.nan
    with pytest.raises(InvalidInputError, match="can be labelled"):
        train(data, Plan(parameters=SMALL))


def test_the_last_signal_knows_no_label_that_has_not_ended() -> None:
    data = frame(1, effect=1, seed=4)
    found = labels(data, Rules())
    kept = np.flatnonzero(found.is_known)
    part = type(found)(found.side[kept], found.move[kept], found.end[kept])
    last = last_known(data.instants[kept], part)
    for i in range(0, len(kept), 13):
        over = [j for j in range(len(kept)) if part.end[j] <= data.instants[kept[i]]]
        newest = max(over, key=lambda j: (part.end[j], j), default=None)
        assert last[i] == (1 if newest is None else part.side[newest] + 1)


def test_a_side_is_told_from_the_threshold_on() -> None:
    chances = np.array([[0.5, 0.2, 0.3], [0.3, 0.25, 0.45], [0.34, 0.33, 0.33]])
    assert decided(chances, 0.45).tolist() == [0, 2, 1]


def test_scores_are_those_of_their_definitions() -> None:
    chances = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    came = np.array([1, 0])
    assert scores.log_loss(chances, came) == pytest.approx([-np.log(0.5), -np.log(0.1)])
    assert scores.brier(chances, came) == pytest.approx(
        ((0.04 + 0.25 + 0.09) + (0.81 + 0.01 + 0.64)) / 2
    )
    assert scores.rise_loss(chances[1:], np.array([0])) == pytest.approx([-np.log(1 / 9)])
    assert scores.returns(np.array([1.0, -1, 0]), np.array([0.01, 0.01, 0.01]), 0.001) == (
        pytest.approx([0.009, -0.011, 0])
    )


def test_a_sharpe_ratio_is_worth_less_after_many_tries() -> None:
    by_day = np.random.default_rng(1).normal(0.2, 1, 60)
    once, often = scores.deflated_sharpe(by_day, 1), scores.deflated_sharpe(by_day, 50)
    assert once is not None
    assert often is not None
    assert often < once
    symmetric = np.tile([1.0, -0.5], 30)
    ratio = symmetric.mean() / symmetric.std(ddof=1)
    # without lean its tails are 1: the error is that of Lo (2002)
    spread = np.sqrt(1 + (1 - 1) / 4 * ratio**2)
    assert scores.deflated_sharpe(symmetric, 1) == pytest.approx(
        norm.cdf(ratio * np.sqrt(59) / spread)
    )
    assert scores.deflated_sharpe(np.zeros(10), 1) is None


def test_the_report_is_one_file_that_asks_for_nothing(found: Result) -> None:
    manifest = {
        **{"exchange": "NSE", "first_day": "2025-09-08", "last_day": "2025-10-07", "eras": []},
        **{"id": "abc", "dataset": "def", "calendar": "ghi"},
    }
    page = html_report(found, manifest, served=True)
    assert found.verdict in page
    assert "logistic regression" in page
    assert page.count("<svg") == 2
    assert not [word for word in ("src=", "href=", "http", "<script") if word in page]
    assert "always HOLD" in text_report(found)
