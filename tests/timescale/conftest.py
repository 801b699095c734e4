"""A project of its own for every test, and what a database's schema looks like."""

from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.timescale.project import Project


@pytest.fixture
def project(tmp_path: Path, empty_database: URL) -> Project:
    """An empty project on an empty database that has the extension."""
    return Project(tmp_path / "migrations", empty_database)
