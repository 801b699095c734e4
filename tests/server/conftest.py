"""Local servers of the tests' own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.server.cluster import LocalServer
from db.server.home import open_home
from tests.support.homes import home, programs, ready_home

__all__ = ["home", "programs", "ready_home"]


@pytest.fixture
def local_server(ready_home: Path) -> Iterator[LocalServer]:
    """A server that has not been started; it is stopped afterwards."""
    server = LocalServer(open_home(ready_home), volatile=True)
    yield server
    server.stop()
