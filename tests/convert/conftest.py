"""Databases as the legacy program leaves them."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import URL

from tests.convert import legacy
from tests.support.databases import connection


@pytest.fixture
def legacy_database(empty_database: URL) -> URL:
    """A database with the legacy chain table and its rows."""
    with connection(empty_database) as session:
        legacy.create(session)
    return empty_database


@pytest.fixture
def session(legacy_database: URL) -> Iterator[psycopg.Connection]:
    """An autocommit connection to `legacy_database`."""
    with connection(legacy_database) as open_session:
        yield open_session
