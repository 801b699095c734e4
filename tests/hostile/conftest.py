"""Databases as the old program leaves them, with something in them that it never made."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from tests.support.databases import DatabaseServer
from tests.support.legacy import legacy_database


@pytest.fixture
def hostile(server: DatabaseServer) -> Iterator[URL]:
    """The old program's tables with rows, of an owner who is no superuser."""
    with server.owned_database("extension") as url:
        legacy_database(url)
        yield url


@pytest.fixture
def admin(server: DatabaseServer, hostile: URL) -> URL:
    """The same database for its administrator, who makes what the owner may not."""
    return server.url(hostile.database or "")
