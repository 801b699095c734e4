"""Databases, and the market tape recorded on 2025-12-04."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from benchmarks.chaos.wire import Wire, wire
from db.engine import engine_for
from db.roles.declared import WRITER
from db.settings import Settings
from tests.support.databases import DatabaseServer
from tests.support.paths import ROOT

TAPE = "option_chain_2025-12-04.csv"


@pytest.fixture
def as_writer(server: DatabaseServer, database: URL) -> URL:
    """A fresh database at head for an account with the collector's rights and no others."""
    return server.as_member(WRITER, database)


@pytest.fixture
def engine(as_writer: URL) -> Iterator[Engine]:
    """An engine on a fresh database at head, with the collector's rights."""
    found = engine_for(as_writer)
    yield found
    found.dispose()


@pytest.fixture
def line(database: URL) -> Iterator[Wire]:
    """The wire between `remote` and the database."""
    with wire(database.host or "127.0.0.1", database.port or 5432) as found:
        yield found


@pytest.fixture
def remote(database: URL, line: Wire) -> Iterator[Engine]:
    """An engine on the database that sees it through the wire."""
    found = engine_for(database.set(host="127.0.0.1", port=line.port))
    yield found
    found.dispose()


@pytest.fixture
def patient(database: URL, line: Wire) -> Iterator[Engine]:
    """One that waits for the wire as long as a busy machine takes to play two minutes."""
    waits = Settings(connect_timeout_s=300, link_timeout_s=300)
    found = engine_for(database.set(host="127.0.0.1", port=line.port), settings=waits)
    yield found
    found.dispose()


@pytest.fixture(scope="session")
def tape() -> Path:
    """The recorded tape: OI_TAPE_FILE, or beside the checkout in shared/data."""
    path = Path(os.environ.get("OI_TAPE_FILE") or ROOT.parent / "shared" / "data" / TAPE)
    if not path.is_file():
        pytest.skip(f"no market tape at {path}; name one in OI_TAPE_FILE")
    return path
