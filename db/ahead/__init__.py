"""What stands in the way of an upgrade or of the way back, found before anything is changed."""

from db.ahead.back import require_way_back
from db.ahead.extension import with_extension
from db.ahead.survey import HostileDatabaseError, Obstacle, require_clear, survey

__all__ = [
    "HostileDatabaseError",
    "Obstacle",
    "require_clear",
    "require_way_back",
    "survey",
    "with_extension",
]
