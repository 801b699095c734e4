"""Fixtures: homes for local servers of a test's own, on the programs the checkout has."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.server.home import State, open_home
from db.server.programs import Programs
from tests.support.editions import LOCAL, Editions
from tests.support.local import shared_programs


@pytest.fixture(scope="session")
def programs() -> Programs:
    """A TimescaleDB server's programs, as the session's own server uses them."""
    if not Editions.from_environment().use_local:
        pytest.skip(f"OI_TEST_LOCAL=0: the {LOCAL} server's programs are not used")
    return shared_programs()


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server's account can reach, also when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="oi-home-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ready_home(home: Path, programs: Programs) -> Path:
    """A home that knows its programs, so that nothing is downloaded."""
    state = State(str(programs.bin_dir), 15499, programs.timescaledb_version)
    open_home(home).save_state(state)
    return home
