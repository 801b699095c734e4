"""A wheel holds all that runs: the page, the SQL, the revisions."""

import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.server.ports import free_port
from tests.support.paths import ROOT
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a wheel of this program installs."""
    built, target = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("no uv beside this Python")
    command = [uv, "build", "--wheel", "--no-build-isolation", "--offline", "--out-dir", built]
    done = subprocess.run(
        [*command, "--python", sys.executable, ROOT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(target)
    return target


@pytest.fixture
def environment(installed: Path, empty_database: URL, tmp_path: Path) -> dict[str, str]:
    url = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    return {
        **os.environ,
        "PYTHONPATH": str(installed),
        "OI_HOME": str(tmp_path / "home"),
        "OI_DATABASE_URL": url,
        "OI_PORT": str(free_port()),
    }


def run(environment: dict[str, str], folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(environment: dict[str, str], folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE
    )
    try:
        yield f"http://127.0.0.1:{environment['OI_PORT']}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_what_a_wheel_installs_migrates_a_database_and_serves_the_page(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    where = run(environment, tmp_path, "-c", "import app; print(app.__file__)")
    assert Path(where.strip()).is_relative_to(installed)
    assert "The database is at 00" in run(environment, tmp_path, "-m", "db", "upgrade")
    with serving(environment, tmp_path) as url:
        # ready is who found the newest revision, and follows the database
        eventually(lambda: _answers(f"{url}/readyz"))
        assert b"<form" in urllib.request.urlopen(f"{url}/login").read()  # noqa: S310


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url).close()  # noqa: S310
    except OSError:
        return False
    return True
