"""The extension is updated under a database at head, as `status` recommends."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.timescale.maintenance import run_due
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import contents, legacy_database
from tests.support.local import shared_programs
from tests.support.streaming import alone, programs_of

# the older programs have but the Apache edition's part
_APACHE = "timescaledb.license = 'apache'\n"


@pytest.fixture
def both(server: DatabaseServer) -> Iterator[Path]:
    """The programs of a server, with the local server's older version of the extension beside."""
    older = shared_programs()
    bin_dir = programs_of(server)
    script = f"timescaledb--{older.timescaledb_version}--{server.timescaledb_version}.sql"
    if not (_extensions(bin_dir) / script).exists():
        pytest.skip("no server at hand that updates the local one's version")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's account must get in when root runs the tests
        copied = folder / "usr"
        shutil.copytree(bin_dir.parents[3], copied, symlinks=True)
        there = copied / bin_dir.relative_to(bin_dir.parents[3])
        library = f"timescaledb-{older.timescaledb_version}.so"
        shutil.copy(older.bin_dir.parent / "lib" / library, there.parent / "lib")
        made = f"timescaledb--{older.timescaledb_version}.sql"
        shutil.copy(_extensions(older.bin_dir) / made, _extensions(there))
        yield there


def _extensions(bin_dir: Path) -> Path:
    """Where Debian keeps the scripts of the programs of a folder."""
    return bin_dir.parents[3] / "share" / "postgresql" / bin_dir.parent.name / "extension"


def test_an_update_between_two_versions_leaves_a_database_at_head(
    server: DatabaseServer, both: Path
) -> None:
    older = shared_programs().timescaledb_version
    with alone(both, _APACHE) as first:
        with connection(first) as session:
            session.execute("CREATE DATABASE updated")
        url = first.set(database="updated")
        with connection(url) as session:
            session.execute(f"CREATE EXTENSION timescaledb VERSION '{older}'")
        legacy_database(url)
        before = contents(url)
        migrate.upgrade(url)
        with connection(url) as session:
            session.execute("ALTER EXTENSION timescaledb UPDATE")
        with connection(url) as session:
            assert version(session) == server.timescaledb_version

        command.check(migrate.configuration(url))
        due = run_due(create_engine(url, poolclass=NullPool), all_now=True)
        assert [run.error for run in due if run.error] == []
        assert contents(url) == before
        migrate.downgrade(url, "base")
        assert contents(url) == before


def version(session: psycopg.Connection) -> str:
    query = "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"
    (found,) = session.execute(query).fetchone() or ("",)
    return found
