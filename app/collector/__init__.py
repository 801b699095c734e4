"""Feeds in, history and live edge out: the one process that writes market data."""

from app.collector.counts import Counts
from app.collector.run import Collector, CollectorOptions

__all__ = ["Collector", "CollectorOptions", "Counts"]
