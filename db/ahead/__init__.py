"""What stands in the way of an upgrade, found before anything is changed."""

from db.ahead.survey import HostileDatabaseError, require_clear

__all__ = ["HostileDatabaseError", "require_clear"]
