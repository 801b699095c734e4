"""An engine on a migrated database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine

from db.engine import engine_for


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    made = engine_for(database)
    yield made
    made.dispose()
