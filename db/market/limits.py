"""Limits and thresholds that several parts share: each stands here and nowhere else.

The page is sent them; it knows no number of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

CHANGE_MINUTES = (3, 5, 10, 15, 30)
"""Over which spans the change of open interest is told."""

CHANGE_THRESHOLDS_PCT: Mapping[int, float] = MappingProxyType(
    {3: 8.0, 5: 10.0, 10: 10.0, 15: 15.0, 30: 25.0}
)
"""By minutes: a change of open interest beyond this percentage stands out."""

ITM_STRIKES = 5
"""Strikes on the in-the-money side that figures called ITM sum up."""

ITM_CHANGE_MINUTES = 3
"""The span of the head line's change of in-the-money open interest."""

FEED_SILENT_S = 10.0
"""A live feed that says nothing for so long during a session is asked to connect anew."""

FEED_STATE_EVERY_S = 5.0
"""How often a collector tells what its feed is at, though nothing has changed."""

FEED_STATE_LOST_AFTER_S = 15.0
"""A feed of which nothing was told for so long has no collector."""

SLOW_AFTER_S = 10.0
"""Data of a session older than this are called slow."""

STALE_AFTER_S = 45.0
"""Data of a session older than this are called stale: one and a half pauses between snapshots."""

FUTURE_TOLERANCE_S = 300.0
"""An instant further ahead of the market's clock than this is no instant of a market."""

ASSUMED_RATE = 0.10
"""Continuously compounded rate a year that volatility on the index is told at."""

MOST_STRIKES = 500
"""The widest range of strikes either side of ATM that may be asked for."""
