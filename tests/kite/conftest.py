"""A stand-in on a Wednesday morning for all that speaks to it, and databases."""

from tests.collector.conftest import as_writer, engine
from tests.kite.standin.conftest import standin, still, token

__all__ = ["as_writer", "engine", "standin", "still", "token"]
