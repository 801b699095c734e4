"""A small history in a migrated database, loaded once a module and server."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import URL, Engine

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.days import history
from benchmarks.dataset.filled import settle
from benchmarks.dataset.spec import newest_end
from benchmarks.server.databases import Session
from benchmarks.server.rollups import rollup_names
from benchmarks.timing.requests import driver_session
from db.engine import engine_for
from db.ingest import load_history
from db.market.clock import market_now
from db.settings import Settings
from db.timescale.fill import fill
from tests.support.databases import DatabaseServer

# recent days: what is older than a month belongs into the archive
SPEC = DatasetSpec(days=4, strikes=7, cadence_s=30, end=newest_end(market_now().date()))


@dataclass(frozen=True)
class Small:
    """A migrated database with a short history; `session` has the application's settings."""

    engine: Engine
    session: Session
    spec: DatasetSpec


@pytest.fixture(scope="module")
def small_history(server: DatabaseServer) -> Iterator[Small]:
    """Four trading days of four exchanges; closed days in the columnstore where there is one."""
    with server.database("migrated") as url:
        engine = engine_for(url)
        try:
            fill_history(url, SPEC)
            settle(url, SPEC)
            with driver_session(engine) as driver:
                yield Small(engine, driver, SPEC)
        finally:
            engine.dispose()


def fill_history(url: URL, spec: DatasetSpec) -> None:
    """Load a history into a migrated database and bring its rollups up to date."""
    # loading is no read of the application: its timeout is not the one to hold it to
    engine = engine_for(url, settings=Settings(statement_timeout_s=600))
    for chain in history(spec):
        with engine.begin() as connection:
            load_history(connection, chain)
    with engine.connect() as opened:
        filling = opened.execution_options(isolation_level="AUTOCOMMIT")
        for name in rollup_names(engine):
            fill(filling, name)
    engine.dispose()
