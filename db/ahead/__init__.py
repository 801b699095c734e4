"""What stands in the way of an upgrade, found before anything is changed."""

from db.ahead.survey import HostileDatabaseError, Obstacle, require_clear, survey

__all__ = ["HostileDatabaseError", "Obstacle", "require_clear", "survey"]
