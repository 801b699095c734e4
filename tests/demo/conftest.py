"""Homes for demos of the tests' own."""

from tests.collector.conftest import engine
from tests.support.homes import home, programs, ready_home

__all__ = ["engine", "home", "programs", "ready_home"]
