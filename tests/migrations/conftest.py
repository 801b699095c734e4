"""Migrations run as what an operator has: the owner of the database, and no superuser."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from tests.support.databases import DatabaseServer


@pytest.fixture
def empty_database(server: DatabaseServer) -> Iterator[URL]:
    """A fresh database with the extension, for its owner."""
    with server.owned_database("extension") as url:
        yield url


@pytest.fixture
def plain_database(server: DatabaseServer) -> Iterator[URL]:
    """A fresh database without the extension, for its owner."""
    with server.owned_database("plain") as url:
        yield url
