"""How long a collector waits for models that are not loaded in the background."""

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from db.market.exchanges import EXCHANGES


def loaded(home: Path, repeats: int) -> Mapping[str, object] | None:
    """Until a collector goes on with the models of a home, lazily or not; None without a model."""
    from app.signals.registry import Registry

    if not any(Registry(home, exchange).served_id() for exchange in EXCHANGES):
        return None
    rounds = [_waits(home) for _ in range(repeats)]
    with_, without = (median(waits) for waits in zip(*rounds, strict=True))
    return {
        "flag": "lazy-models",
        "title": "a collector's wait for its models",
        "with_ms": with_,
        "without_ms": without,
        "ratio": without / with_,
        "low": None,
        "high": None,
    }


def _waits(home: Path) -> tuple[float, float]:
    """ms until each exchange's model is asked for, and until all are there."""
    from app.signals.models import Models

    models = Models(home)
    try:
        began = time.perf_counter()
        for exchange in EXCHANGES:
            models.of(exchange)
        asked = time.perf_counter()
        models.load(EXCHANGES)
        return (asked - began) * 1000, (time.perf_counter() - began) * 1000
    finally:
        models.close()
