"""A clock of a test's own for what is kept."""

from tests.support.cache_clock import cache_clock

__all__ = ["cache_clock"]
