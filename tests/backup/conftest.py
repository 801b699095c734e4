"""A migrated database with some market in it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import URL

from db.engine import engine_for
from db.ingest import write_snapshot
from db.timescale.maintenance import fill_all
from tests.web.conftest import OPENING, a_snapshot


@pytest.fixture
def held(database: URL) -> Iterator[URL]:
    """Two chains by ten minutes and their rollups."""
    engine = engine_for(database)
    with engine.begin() as connection:
        for minute in range(10):
            at = OPENING + timedelta(minutes=minute)
            for exchange in ("NSE", "BSE"):
                write_snapshot(connection, a_snapshot(exchange, at))
    fill_all(engine, print)
    yield database
    engine.dispose()
