"""What was made lately and may be asked for again, in memory and, where there is one, in Redis."""

from app.cache.region import Region
from app.cache.statistics import RegionStatistics, statistics
from app.cache.store import Cache

__all__ = ["Cache", "Region", "RegionStatistics", "statistics"]
