"""What a model says of the newest snapshot of one chain."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from app.signals.decide import BUY, HOLD, SELL, decided
from app.signals.frame import Frame, instant_of
from app.signals.inputs import LOOK_BACK_MINUTES, newest
from app.signals.model import CLASSES, Model
from app.telemetry.timing import timed
from db.ingest.signals import Prediction
from db.market.calendar import Instrument, Phase, phase
from db.market.eras import changes_within

LOOK_BACK = timedelta(minutes=LOOK_BACK_MINUTES)
_MS = 1000.0
AUCTION = "no signal: the index stands in its closing auction"
NOT_TRADING = "no signal: the index is not trading"


def why_silent(at: datetime, *, is_live: bool) -> str | None:
    """Why nothing is told of an index that does not move at that moment; None while it does.

    In its auction it stands still until one print. A market that is not live may have hours of its
    own.
    """
    now = phase(at, Instrument.INDEX)
    if now is Phase.CLOSED and (is_live or phase(at, Instrument.OPTIONS) is Phase.OPEN):
        return NOT_TRADING
    return AUCTION if now is Phase.AUCTION else None


def why_outdated(model: Model, day: date) -> str | None:
    """Why a model says nothing of a day: the market changed after all that it learnt from."""
    changed = changes_within(model.last_day, day)
    if not changed:
        return None
    era = changed[-1]
    return f"no model: the market changed on {era.first} ({era.says}); train it anew"


@dataclass(slots=True)
class Recent:
    """The newest rows of one chain's features, as far back as any input looks."""

    rows: dict[np.datetime64, Mapping[str, float]] = field(default_factory=dict)

    def learn(self, frame: Frame) -> None:
        """Take in rows that are stored; what is here already stays."""
        for i, instant in enumerate(frame.instants):
            row = {name: float(column[i]) for name, column in frame.columns.items()}
            self.rows.setdefault(instant, row)

    def add(self, at: datetime, features: Mapping[str, Any]) -> None:
        """Take in a snapshot's row of ml_features; what no input looks at any more goes."""
        now = instant_of(at)
        self.rows[now] = {
            name: float(value) for name, value in features.items() if isinstance(value, float | int)
        }
        oldest = now - np.timedelta64(LOOK_BACK)
        self.rows = {instant: row for instant, row in self.rows.items() if instant >= oldest}

    def until(self, at: datetime) -> Frame:
        """The rows up to a moment."""
        now = instant_of(at)
        instants = sorted(instant for instant in self.rows if instant <= now)
        names = set().union(*(self.rows[instant] for instant in instants))
        columns = {
            name: np.array([self.rows[instant].get(name, np.nan) for instant in instants])
            for name in names
        }
        return Frame(np.array(instants, "datetime64[us]"), columns)


@dataclass(slots=True)
class Predictor:
    """Of one exchange key; `side` is the last BUY or SELL that was told, and when."""

    exchange: str
    threshold: float
    cooldown_s: int
    recent: Recent = field(default_factory=Recent)
    side: tuple[str, datetime] | None = None
    told: str | None = None

    @timed("predict")
    def predict(self, model: Model, at: datetime, features: Mapping[str, Any]) -> Prediction:
        """What the model says of a snapshot's row of ml_features."""
        began = time.perf_counter()
        self.recent.add(at, features)
        inputs = newest(self.recent.until(at))
        chances = model.probabilities(inputs)
        place = int(decided(chances, self.threshold)[0])
        held_back = self._cools(CLASSES[place], at)
        signal = CLASSES[HOLD if held_back else place]
        reasons = model.reasons(inputs, signal)
        shares = [float(chance) for chance in chances[0]]
        confidence = shares[CLASSES.index(signal)]
        if signal != CLASSES[HOLD]:
            self.side = signal, at
        return Prediction(
            exchange=self.exchange,
            timestamp=at,
            model_id=model.id,
            signal=signal,
            confidence=confidence,
            p_sell=shares[SELL],
            p_hold=shares[HOLD],
            p_buy=shares[BUY],
            rationale=held_back or _rationale(model, signal, confidence, reasons),
            horizon_s=model.horizon_s,
            width=model.width,
            cost_bps=model.cost_bps,
            latency_ms=(time.perf_counter() - began) * _MS,
        )

    def is_news(self, made: Prediction) -> bool:
        """Whether it says something else than the last one did."""
        was, self.told = self.told, made.signal
        return was != made.signal

    def _cools(self, signal: str, at: datetime) -> str | None:
        """Why a side is not told: the other one was told a moment ago."""
        if self.side is None or signal == CLASSES[HOLD]:
            return None
        last, since = self.side
        is_over = at - since >= timedelta(seconds=self.cooldown_s)
        if last == signal or is_over or at < since:
            return None
        return f"{signal} is held back: {last} was told at {since:%H:%M:%S}"


_ODDS = {
    "BUY": "a rise comes first",
    "SELL": "a fall comes first",
    "HOLD": "neither side is reached",
}


def _rationale(
    model: Model,
    signal: str,
    confidence: float,
    reasons: tuple[tuple[str, float | None, float], ...],
) -> str:
    """A sentence: what is expected, and what speaks for (+) and against (−) it."""
    because = ", ".join(
        f"{what} {'–' if value is None else format(value, '.3g')} ({'+' if added > 0 else '−'})"
        for what, value, added in reasons
    )
    minutes = model.horizon_s / 60
    return (
        f"{confidence:.0%} that {_ODDS[signal]} in {minutes:g} min after costs: "
        f"{because or 'no input stands out'}"
    )
