"""A stand-in on a Wednesday morning for all that speaks to it, and databases."""

from tests.collector.conftest import engine
from tests.kite.standin.conftest import standin, still, token

__all__ = ["engine", "standin", "still", "token"]
