"""How the signals of a chain have done since they are told, and whether to train anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import sqrt
from typing import TYPE_CHECKING, Any

from db.market.clock import IST
from db.market.limits import (
    SIGNAL_DAYS_SHOWN,
    SIGNAL_DRIFT_MUCH,
    SIGNAL_FEWEST_DAYS,
    SIGNAL_FEWEST_TOLD,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.signals import QualityDay

_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the population of an input has moved since the training, and whether that is much.

    `index` is the population stability index, `usual` what a week of the training came to.
    """

    label: str
    index: float
    usual: float

    @property
    def is_much(self) -> bool:
        return self.index > max(SIGNAL_DRIFT_MUCH, self.usual)


@dataclass(frozen=True, slots=True)
class Record:
    """Of what was told: the chance that was `said`, the share of `hits` and how many `anyway`.

    The true share lies between `low` and `high`, in 95 of 100 such cases; None of nothing told.
    """

    told: int
    said: float | None
    hits: float | None
    anyway: float | None
    low: float | None
    high: float | None

    @property
    def word(self) -> str | None:
        """Whether signals do better than the same sides would have anyway, beyond luck."""
        if self.anyway is None or self.low is None or self.high is None:
            return None
        if self.low > self.anyway:
            return "better"
        return "worse" if self.high < self.anyway else "not shown"


@dataclass(frozen=True, slots=True)
class Standing:
    """The days, oldest first, the inputs, the farthest moved first, and a sentence of advice.

    `model_id` is that of the model that spoke last; None where none is there to judge.
    """

    exchange: str
    model_id: str | None
    days: "tuple[QualityDay, ...]"
    drift: tuple[Drift, ...]

    @property
    def record(self) -> Record:
        """All days together."""
        told = sum(day.told for day in self.days)
        if not told:
            return Record(0, None, None, None, None, None)
        hits = sum(day.hits for day in self.days) / told
        said = sum((day.said or 0.0) * day.told for day in self.days) / told
        low, high = _interval(hits, sum(day.stretches for day in self.days))
        anyway = sum(day.anyway for day in self.days) / told
        return Record(told, said, hits, anyway, low, high)

    @property
    def advice(self) -> str | None:
        """Why training anew is suggested; None while nothing speaks for it."""
        moved = [each.label for each in self.drift if each.is_much]
        if moved:
            return f"Train anew: {', '.join(moved)} are no longer what they were in training."
        return _of_hits(self.days)


def standing(connection: "Connection", exchange: str, now: datetime) -> Standing:
    """How the signals of an exchange key stand at a moment of market time, over the last weeks."""
    from db.queries.signals import latest_signal, signal_drift, signal_quality

    midnight = datetime.combine(now.astimezone(IST).date(), time(), IST)
    start = midnight - timedelta(days=SIGNAL_DAYS_SHOWN)
    latest = latest_signal(connection, exchange)
    return Standing(
        exchange=exchange,
        model_id=None if latest is None else latest.model_id,
        days=signal_quality(connection, exchange, start, now),
        drift=_sorted(signal_drift(connection, exchange) or {}),
    )


def _interval(share: float, count: int) -> tuple[float, float]:
    """Between what a share that was seen so often may lie, in 95 of 100 cases.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
    """
    weight = _NORMAL_95**2 / count
    middle = (share + weight / 2) / (1 + weight)
    around = sqrt(weight * share * (1 - share) + weight**2 / 4) / (1 + weight)
    return middle - around, middle + around


def _sorted(drift: Mapping[str, Any]) -> tuple[Drift, ...]:
    """Those that moved much first; an entry of an older form says nothing of what is usual."""
    from app.signals.inputs import LABELS

    found = [
        Drift(LABELS.get(name, name), moved["index"], moved["usual"])
        for name, moved in drift.items()
        if isinstance(moved, dict)
    ]
    return tuple(sorted(found, key=lambda each: (not each.is_much, -each.index, each.label)))


def _of_hits(days: "Sequence[QualityDay]") -> str | None:
    told = sum(day.told for day in days)
    hits, anyway = sum(day.hits for day in days), sum(day.anyway for day in days)
    if len(days) < SIGNAL_FEWEST_DAYS or told < SIGNAL_FEWEST_TOLD or hits > anyway:
        return None
    return (
        f"Train anew: over {len(days)} days {hits / told:.0%} of what was told came true, and "
        f"{anyway / told:.0%} would have anyway."
    )
