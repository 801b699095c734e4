"""Servers that tests start beside the database, where they can be had."""

import pytest

from benchmarks.server import debian
from benchmarks.server.debian import listens
from db.errors import ServerError

__all__ = ["listens", "program"]


def program(name: str, package: str, family: str) -> list[str]:
    """The command that runs a program; skips the test where none is to be had."""
    try:
        return debian.program(name, package, family)
    except ServerError as error:
        pytest.skip(f"no {name}: {error}")
