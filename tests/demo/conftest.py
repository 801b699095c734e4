"""Homes for demos of the tests' own, and databases as their owner sees them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine

from db.engine import engine_for
from tests.support.homes import home, programs, ready_home

__all__ = ["home", "programs", "ready_home"]


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    """An engine on a fresh database at head."""
    found = engine_for(database)
    yield found
    found.dispose()
