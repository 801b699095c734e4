"""Servers and throw-away databases for every test; see tests/support/databases.py."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import URL

from app.web.assets import FrontNotBuiltError, assets
from tests.support.databases import DatabaseServer
from tests.support.editions import NONE, Editions
from tests.support.paths import ROOT

# how long inputs take to make says how busy the machine is, nothing of what is tested
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_EDITIONS = pytest.StashKey[Editions]()


def pytest_configure(config: pytest.Config) -> None:
    # a polite end drops what was made, as Ctrl-C does; and what is ignored here, as in a job of the
    # background, programs that tests start would ignore too
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    config.stash[_EDITIONS] = Editions.from_environment()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_EDITIONS].close()


def pytest_report_header(config: pytest.Config) -> str:
    return f"database servers: {', '.join(config.stash[_EDITIONS].names)}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.section("TimescaleDB editions")
    for line in config.stash[_EDITIONS].report():
        terminalreporter.line(line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        names = metafunc.config.stash[_EDITIONS].names
        metafunc.parametrize("server", names, indirect=True, scope="session")


@pytest.fixture(scope="session", autouse=True)
def built_page() -> None:
    """The page as its sources are now, however the tests were started."""
    try:
        assets()
    except FrontNotBuiltError:
        subprocess.run([sys.executable, "scripts/front.py"], cwd=ROOT, check=True)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    """A TimescaleDB server; the test runs once on each that was found."""
    if request.param == NONE:
        pytest.skip("OI_TEST_LOCAL=0 and OI_TEST_DATABASE_URLS names no server")
    return request.config.stash[_EDITIONS].open(request.param)


@pytest.fixture
def plain_database(server: DatabaseServer) -> Iterator[URL]:
    """A fresh, empty database without the extension."""
    with server.database("plain") as url:
        yield url


@pytest.fixture
def empty_database(server: DatabaseServer) -> Iterator[URL]:
    """A fresh database with the extension timescaledb and nothing else."""
    with server.database("extension") as url:
        yield url


@pytest.fixture
def database(server: DatabaseServer) -> Iterator[URL]:
    """A fresh database migrated to head."""
    with server.database("migrated") as url:
        yield url
