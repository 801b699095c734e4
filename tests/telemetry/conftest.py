"""Books on a fresh database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine

from app.desk.paper.reading import EngineBooks
from db.engine import engine_for


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    made = engine_for(database)
    yield made
    made.dispose()


@pytest.fixture
def books(engine: Engine) -> EngineBooks:
    return EngineBooks(engine)
