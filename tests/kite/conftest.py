"""A stand-in on a Wednesday morning for all that speaks to it."""

from tests.kite.standin.conftest import standin, still, token

__all__ = ["standin", "still", "token"]
