"""Training: what a model would have said on days it had not seen, and whether that is anything."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from app.signals import scores
from app.signals.baselines import BASELINES, last_known
from app.signals.decide import decided
from app.signals.estimator import Fitted, Parameters, fitted
from app.signals.frame import Floats, Frame, Instants
from app.signals.inputs import matrix
from app.signals.labels import Labels, Rules, labels
from app.signals.scores import Bin, Evidence
from app.signals.splits import Rows, final, walk_forward
from db.errors import InvalidInputError

MODEL = "model"
_BASIS = 1e-4


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train; `tries` counts this one and those before on the same exchange key."""

    rules: Rules = field(default_factory=Rules)
    parameters: Parameters = field(default_factory=Parameters)
    folds: int = 4
    embargo_days: int = 1
    threshold: float = 0.45
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Score:
    """Of one contender on all days it was tested on.

    `return_bps` is the mean after costs of what it told to do, `deflated` the chance that it is
    more than luck; None without any.
    """

    log_loss: float
    brier: float
    accuracy: float
    signals: int
    return_bps: float | None
    deflated: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What training found; `evidence` is that of the direction against the better baseline."""

    plan: Plan
    rows: int
    days: tuple[str, ...]
    shares: tuple[float, float, float]
    scores: Mapping[str, Score]
    evidence: Evidence
    reliability: Mapping[str, tuple[Bin, ...]]
    equity: Mapping[str, Floats]
    tested_days: tuple[str, ...]
    model: Fitted
    hit_rate: float | None
    inputs: Floats
    input_days: Instants

    @property
    def has_found(self) -> bool:
        return self.evidence.is_enough

    @property
    def verdict(self) -> str:
        """In a sentence."""
        found = self.evidence
        if self.has_found:
            return (
                f"Something was found: day after day the direction was told better than without a "
                f"model (t {found.t:.1f}, {found.needed:.1f} needed, {found.days} days)."
            )
        return (
            f"There is nothing to find: the direction was told no better than without a model "
            f"(t {found.t:.1f}, {found.needed:.1f} needed, {found.days} days)."
        )

    def figures(self) -> dict[str, Any]:
        """All of it that is a number, for JSON."""
        return {
            "found": self.has_found,
            "verdict": self.verdict,
            "rows": self.rows,
            "days": len(self.days),
            "shares": dict(zip(("SELL", "HOLD", "BUY"), self.shares, strict=True)),
            "evidence": asdict(self.evidence),
            "scores": {name: asdict(score) for name, score in self.scores.items()},
            "reliability": {k: [asdict(b) for b in v] for k, v in self.reliability.items()},
            "importance": self.model.gain,
            "trees": self.model.trees,
            "hit_rate": self.hit_rate,
            "plan": asdict(self.plan),
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """The labelled rows of a frame."""

    frame: Frame
    inputs: Floats
    labels: Labels
    target: Rows
    last: Rows


def train(frame: Frame, plan: Plan, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Walk forward through the frame, judge what came of it, and fit the model to serve.

    Raises InvalidInputError for a frame that nothing can be learnt from.
    """
    data = _labelled(frame, plan.rules)
    instants, ends = data.frame.instants, data.labels.end
    chances: dict[str, list[Floats]] = {name: [] for name in (MODEL, *BASELINES)}
    tested: list[Rows] = []
    folds = walk_forward(instants, ends, plan.folds, plan.embargo_days)
    for number, fold in enumerate(folds, 1):
        progress(f"fold {number} of {len(folds)}: {len(fold.fit):,} rows to learn from")
        model = fitted(data.inputs, data.target, fold, plan.parameters)
        chances[MODEL].append(model.probabilities(data.inputs[fold.test]))
        for name, baseline in BASELINES.items():
            chances[name].append(baseline(fold, data.inputs, data.target, data.last))
        tested.append(fold.test)
    progress("the model of all days")
    whole = final(instants, ends, plan.embargo_days)
    served = fitted(data.inputs, data.target, whole, plan.parameters)
    said = {name: np.concatenate(parts) for name, parts in chances.items()}
    return _result(data, plan, np.concatenate(tested), said, served)


def _labelled(frame: Frame, rules: Rules) -> _Data:
    found = labels(frame, rules)
    known = np.flatnonzero(found.is_known)
    if not len(known):
        raise InvalidInputError(
            "No instant of that time can be labelled: its index or VIX is unknown, or it lies "
            "outside the sessions."
        )
    kept = Labels(found.side[known], found.move[known], found.end[known])
    part = frame.rows(known)
    # inputs look back at rows that have no label too
    inputs = matrix(frame)[known]
    target = (kept.side + 1).astype(np.intp)
    return _Data(part, inputs, kept, target, last_known(part.instants, kept))


def _result(
    data: _Data, plan: Plan, tested: Rows, said: Mapping[str, Floats], served: Fitted
) -> Result:
    days, target = data.frame.days[tested], data.target[tested]
    moved = target != 1
    told = {name: decided(each, plan.threshold) for name, each in said.items()}
    move, cost = data.labels.move[tested], plan.rules.cost
    gains = {name: scores.returns((told[name] - 1).astype(float), move, cost) for name in said}
    rise = {name: scores.rise_loss(each[moved], target[moved]) for name, each in said.items()}
    # who knows nothing says one half
    plain = min((rise["majority"], np.full(int(moved.sum()), np.log(2))), key=lambda x: x.mean())
    acted = told[MODEL] != 1
    return Result(
        plan=plan,
        rows=len(data.frame),
        days=_texts(np.unique(data.frame.days)),
        shares=_shares(data.target),
        scores={
            name: _score(said[name], told[name], target, gains[name], days, plan.tries)
            for name in said
        },
        evidence=scores.evidence(plain - rise[MODEL], days[moved], plan.tries),
        reliability={
            side: tuple(scores.reliability(said[MODEL][:, place], target == place))
            for side, place in (("SELL", 0), ("BUY", 2))
        },
        equity={name: np.cumsum(scores.daily(gains[name], days)) for name in said},
        tested_days=_texts(np.unique(days)),
        model=served,
        hit_rate=float((told[MODEL] == target)[acted].mean()) if acted.any() else None,
        inputs=data.inputs,
        input_days=data.frame.days,
    )


def _score(
    chances: Floats, told: Rows, target: Rows, gains: Floats, days: Any, tries: int
) -> Score:
    acted = told != 1
    return Score(
        log_loss=float(scores.log_loss(chances, target).mean()),
        brier=scores.brier(chances, target),
        accuracy=float((chances.argmax(axis=1) == target).mean()),
        signals=int(acted.sum()),
        return_bps=float(gains[acted].mean() / _BASIS) if acted.any() else None,
        deflated=scores.deflated_sharpe(scores.daily(gains, days), tries),
    )


def _shares(target: Rows) -> tuple[float, float, float]:
    down, none, up = (np.bincount(target, minlength=3) / len(target)).tolist()
    return down, none, up


def _texts(days: Any) -> tuple[str, ...]:
    return tuple(str(day) for day in days)
