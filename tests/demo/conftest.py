"""Homes for demos of the tests' own."""

from tests.support.homes import home, programs, ready_home

__all__ = ["home", "programs", "ready_home"]
