"""A disk that fills up while rows move into the archive."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from db.archive import moving
from db.driver_errors import explained
from tests.archive.test_moving import history, sides
from tests.support.databases import connection
from tests.support.disks import small_disk

_DISK_MIB = 8
# a row of a kilobyte that does not compress: a day of them is more than what the filler leaves
_LONG_NOTES = """
    UPDATE readings
    SET note = (SELECT string_agg(md5(random()::TEXT || n), '') FROM generate_series(1, 50) AS n)
"""


@pytest.fixture
def filler(archived_database: URL, session: psycopg.Connection) -> Iterator[Path]:
    """A file that fills most of the disk of the archive; removing it makes room."""
    row = session.execute("SELECT current_setting('data_directory')").fetchone()
    data = Path(row[0]) if row else Path()
    if not data.is_dir():
        pytest.skip("the server runs on another machine")
    owner = data.stat()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the server's user has to get through
        with small_disk(Path(folder) / "disk", _DISK_MIB) as disk:
            os.chown(disk, owner.st_uid, owner.st_gid)
            session.execute(
                psycopg.sql.SQL("CREATE TABLESPACE small_disk LOCATION {}").format(str(disk))
            )
            try:
                session.execute("ALTER TABLE archive.readings SET TABLESPACE small_disk")
                filler = disk / "filler"
                filler.write_bytes(bytes((_DISK_MIB << 20) - (256 << 10) - _used(disk)))
                yield filler
            finally:
                with connection(archived_database) as cleaning:
                    cleaning.execute("DROP VIEW readings_history")
                    cleaning.execute("DROP TABLE archive.readings")
                    cleaning.execute("DROP TABLESPACE small_disk")


def _used(disk: Path) -> int:
    state = os.statvfs(disk)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


def test_a_full_disk_loses_nothing_and_the_archive_goes_on_when_there_is_room(
    archived_database: URL, session: psycopg.Connection, filler: Path
) -> None:
    session.execute(_LONG_NOTES)
    before = history(session)

    with pytest.raises(psycopg.errors.DiskFull) as full:
        moving.run(archived_database, "readings")
    assert "disk is full" in str(explained(full.value))
    assert history(session) == before
    hot, archived = sides(session)
    assert hot + archived == len(before)
    assert hot > 0

    filler.unlink()
    moving.run(archived_database, "readings")
    assert history(session) == before
    assert sides(session)[0] < hot
