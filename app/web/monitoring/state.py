"""The present state of what a web process holds: pools and caches."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from app.cache import statistics
from app.telemetry.metrics import Reading
from db.loading import is_loaded


def pools() -> list[dict[str, Any]]:
    """The connections of each pool; nothing before the first one was wanted."""
    # asked of who has loaded it: to load it for this would cost more than it tells
    if not is_loaded():
        return []
    from db import watched

    return [asdict(each) for each in watched.pools()]


def caches() -> list[dict[str, Any]]:
    """What each cache did and holds."""
    return [{**asdict(each), "hit_ratio": each.hit_ratio} for each in statistics()]


def held_gauges() -> Iterable[Reading]:
    """Both for Prometheus."""
    for pool in pools():
        for state in ("used", "idle", "most"):
            yield Reading("oi_pool_connections", pool[state], (pool["name"], state))
    for cache in statistics():
        for kind in ("hits", "misses", "stale", "entries", "bytes"):
            yield Reading(f"oi_cache_{kind}", getattr(cache, kind), (cache.name,))
