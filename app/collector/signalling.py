"""Signals beside whoever writes chains: on a thread of its own, of what is stored already."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from app.desk.paper.following import Follower
from app.signals.models import LOADING, Models
from app.trouble import Trouble
from db.market.clock import market_now
from db.market.exchanges import EXCHANGES
from db.market.limits import STALE_AFTER_S
from db.market.ticks import EnrichedSnapshot

if TYPE_CHECKING:
    from app.signals.model import Model
    from app.signals.predict import Predictor

_LOG = logging.getLogger("oi.signals")
_LOOK_EVERY_S = 1.0
# the chains of an interval come one after the other: a signal of minutes has time, they have none
_BURST_S = 0.25
_SETTLE_EVERY_S = 60.0
_DRIFT_EVERY_S = 3600.0
_DRIFT_OVER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SignalOptions:
    """`home` holds the models; see the settings of the same names.

    Unless they are lazy, models are loaded before anything else is done.
    """

    home: Path = Path(".oi")
    threshold: float = 0.45
    cooldown_s: int = 300
    paper_lots: int = 0
    are_lazy: bool = True


class SignalWatch:
    """Asks the model of each chain about each snapshot that this collector has stored.

    `saw` only leaves a word, the newest of each exchange: nobody waits for what is done here, and
    what fails here fails alone. Without a model it says so once, and does nothing.
    """

    def __init__(
        self,
        engine: Engine,
        options: SignalOptions,
        now: Callable[[], datetime] = market_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._options = options
        self._now = now
        self._clock = clock
        self._models = Models(options.home)
        self._follower = Follower(engine, options.paper_lots, now)
        self._predictors: dict[str, Predictor] = {}
        self._absent: dict[str, str] = {}
        self._settled_at: dict[str, float] = {}
        self._drifted_at: dict[str, float] = {}
        self._changed = threading.Condition()
        self._waiting: dict[str, EnrichedSnapshot] = {}
        self._is_closed = False
        self._trouble = Trouble(_LOG, "signals cannot be told")
        self._thread = threading.Thread(target=self._run, name="signals", daemon=True)

    def start(self) -> None:
        """Begin to predict."""
        if not self._options.are_lazy:
            self._models.load(EXCHANGES)
        self._thread.start()

    def saw(self, snapshot: EnrichedSnapshot) -> None:
        """A snapshot has been stored; never waits."""
        with self._changed:
            self._waiting[snapshot.exchange] = snapshot
            self._changed.notify()

    def close(self, timeout_s: float = 2.0) -> None:
        """End after the prediction that is under way."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._models.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._waiting, _LOOK_EVERY_S)
                if self._waiting:
                    self._changed.wait_for(lambda: self._is_closed, _BURST_S)
                if self._is_closed:
                    return
                waiting, self._waiting = self._waiting, {}
            for snapshot in waiting.values():
                self._look(snapshot)

    def _look(self, snapshot: EnrichedSnapshot) -> None:
        try:
            self._take(snapshot)
        except Exception as error:  # who writes chains goes on, whatever fails here
            self._trouble.met(error)
        else:
            self._trouble.over()

    def _take(self, snapshot: EnrichedSnapshot) -> None:
        exchange = snapshot.exchange
        if snapshot.source == "live" and self._is_late(snapshot):
            # one that waited out an outage says nothing of the present
            return
        model = self._models.of(exchange)
        why = model if isinstance(model, str) else _why_silent(model, snapshot)
        if why is None and not isinstance(model, str):
            self._predict(model, snapshot)
        elif why is not None:
            self._say(exchange, why)
        if why not in (None, LOADING):
            self._follower.leave(exchange, snapshot.timestamp)
        if not isinstance(model, str):
            self._look_after(model, exchange, snapshot.timestamp)

    def _predict(self, model: "Model", snapshot: EnrichedSnapshot) -> None:
        from db.ingest.context import feature_row
        from db.ingest.signals import write_prediction

        predictor = self._predictor(snapshot.exchange, snapshot.timestamp)
        made = predictor.predict(model, snapshot.timestamp, feature_row(snapshot))
        was_absent = self._absent.pop(snapshot.exchange, None) is not None
        with self._engine.begin() as connection:
            is_news = predictor.is_news(made) or was_absent
            write_prediction(connection, made, is_news=is_news)
        self._follower.follow(made)

    def _predictor(self, exchange: str, at: datetime) -> "Predictor":
        """With what was before this process began."""
        from app.signals.frame import stored_frame
        from app.signals.predict import LOOK_BACK, Predictor
        from db.queries.signals import last_side

        found = self._predictors.get(exchange)
        if found is None:
            chosen = self._options
            found = Predictor(exchange, chosen.threshold, chosen.cooldown_s)
            since = at - timedelta(seconds=max(chosen.cooldown_s, 1))
            with self._engine.connect() as connection:
                found.recent.learn(stored_frame(connection, exchange, at - LOOK_BACK, at))
                side = last_side(connection, exchange, since, at)
            found.side = None if side is None else (side.signal, side.timestamp)
            self._predictors[exchange] = found
        return found

    def _say(self, exchange: str, why: str) -> None:
        """Show that there is no signal; once, until that changes."""
        from db.ingest.signals import write_absence

        if self._absent.get(exchange) != why:
            with self._engine.begin() as connection:
                write_absence(connection, exchange, why)
            self._absent[exchange] = why

    def _look_after(self, model: "Model", exchange: str, at: datetime) -> None:
        """Join what came of earlier predictions; now and then, see how far the inputs moved."""
        from app.signals.settling import settle_predictions

        now = self._clock()
        if now - self._settled_at.get(exchange, -_SETTLE_EVERY_S) >= _SETTLE_EVERY_S:
            self._settled_at[exchange] = now
            with self._engine.begin() as connection:
                settle_predictions(connection, exchange, at)
        if now - self._drifted_at.get(exchange, -_DRIFT_EVERY_S) >= _DRIFT_EVERY_S:
            self._drifted_at[exchange] = now
            self._see_drift(model, exchange, at)

    def _see_drift(self, model: "Model", exchange: str, at: datetime) -> None:
        from app.signals.drift import drift
        from app.signals.frame import stored_frame
        from app.signals.inputs import matrix
        from app.signals.labels import in_session
        from app.signals.registry import Registry
        from db.ingest.signals import write_drift

        known = Registry(self._options.home, exchange).manifest(model.id)["populations"]
        with self._engine.connect() as connection:
            frame = stored_frame(connection, exchange, at - _DRIFT_OVER, at)
        # a simulated market's nights are none of what a model learnt from
        moved = drift(known, matrix(frame)[in_session(frame)])
        with self._engine.begin() as connection:
            write_drift(connection, exchange, model.id, moved)

    def _is_late(self, snapshot: EnrichedSnapshot) -> bool:
        return (self._now() - snapshot.timestamp).total_seconds() > STALE_AFTER_S


def _why_silent(model: "Model", snapshot: EnrichedSnapshot) -> str | None:
    from app.signals.predict import why_outdated, why_silent

    at, is_live = snapshot.timestamp, snapshot.source == "live"
    return why_silent(at, is_live=is_live) or why_outdated(model, at.date())
