"""A model of the size of one that has found something, asked about simulated snapshots."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.timing.statistics import percentile
from db.market.exchanges import EXCHANGES

if TYPE_CHECKING:
    from app.signals.frame import Frame
    from app.signals.model import Model

_SEED = 1
_STRIKES = 41
# of nothing to find the trees would stay few
_EFFECT = 1.0


def trained(home: Path, days: Sequence[date]) -> "tuple[Model, int]":
    """A model that serves all chains below `home`, and how many rounds of trees it has."""
    from app.signals.registry import Registry
    from app.signals.train import Plan, train

    result = train(history("NSE", days, _EFFECT), Plan(folds=1))
    for key in EXCHANGES:
        registry = Registry(home, key)
        manifest = registry.keep(result, (days[0], days[-1]), "simulated")
        registry.serve(manifest["id"])
    return registry.load(manifest["id"]), result.model.trees


def predicted(model: "Model", key: str, day: date) -> dict[str, Any]:
    """A day of one chain, snapshot by snapshot, as the collector asks, with nothing beside it."""
    from app.signals.predict import Predictor
    from db.market.clock import IST

    frame, predictor = history(key, [day], _EFFECT), Predictor(key, threshold=0.45, cooldown_s=300)
    taken = [
        predictor.predict(
            model,
            instant.replace(tzinfo=IST),
            {name: float(column[i]) for name, column in frame.columns.items()},
        ).latency_ms
        for i, instant in enumerate(frame.instants.tolist())
    ]
    return {"exchange": key, **latencies(taken)}


def latencies(taken_ms: Sequence[float]) -> dict[str, Any]:
    """Their number, median, 99th percentile and the slowest."""
    ordered = sorted(taken_ms)
    return {
        "count": len(ordered),
        "p50_ms": percentile(ordered, 0.5),
        "p99_ms": percentile(ordered, 0.99),
        "max_ms": ordered[-1],
    }


def history(key: str, days: Sequence[date], effect: float = 0.0) -> "Frame":
    """The features of simulated days, a row a minute; `effect` as in `chain_block`."""
    import numpy as np

    from app.feeds.simulate.chain import chain_block
    from app.feeds.simulate.columns import snapshot_contexts
    from app.feeds.simulate.contracts import expiry_at
    from app.feeds.simulate.paths import session_seconds
    from app.signals.frame import Frame, instant_of

    contexts = []
    for day in days:
        held = session_seconds(day)
        if held is None:
            continue
        seconds = np.arange(held.start, held.stop, 60)
        expiry = expiry_at(EXCHANGES[key], day, held.start)
        block = chain_block(_SEED, key, expiry, day, seconds, _STRIKES, effect)
        contexts += snapshot_contexts(block)
    return Frame(
        np.array([instant_of(each.timestamp) for each in contexts]),
        {
            name: np.array([each.features[name] for each in contexts], dtype=np.float64)
            for name in contexts[0].features
        },
    )
