"""Rollups moved between the toolkit's engine and continuous aggregates, nothing lost."""

import pytest

from db.timescale.errors import UnsupportedError
from db.timescale.moving import kinds, move
from tests.support.databases import DatabaseServer
from tests.timescale.project import Project
from tests.timescale.rollups import DAILY, HOURLY, migrated

READS = (
    "SELECT * FROM room_1h ORDER BY bucket, room",
    "SELECT * FROM room_1d ORDER BY bucket, room",
)


def reads(project: Project) -> list[list[tuple[object, ...]]]:
    return [project.rows(query) for query in READS]


def kept(project: Project) -> set[str]:
    with project.engine.connect() as connection:
        return {one.kind for one in kinds(connection)}


def test_rollups_move_to_the_engine_and_back_with_all_history(
    project: Project, server: DatabaseServer
) -> None:
    if server.edition == "apache":
        pytest.skip("only a Community build can read continuous aggregates")
    migrated(project, HOURLY, DAILY, zoned=False, days=4)
    project.execute("SELECT drop_chunks('readings', older_than => TIMESTAMP '2026-01-03')")
    before = reads(project)
    lines: list[str] = []
    assert list(move(project.engine, "maintained", lines.append)) == ["room_1h", "room_1d"]
    assert kept(project) == {"maintained"}
    assert reads(project) == before
    project.execute("INSERT INTO readings VALUES ('2026-01-05 10:00', 'Attic', 98)")
    project.execute("CALL timescale_engine.refresh_rollup('room_1d')")
    newer = reads(project)
    assert len(newer[0]) == len(before[0]) + 1
    assert project.rows("SELECT count(*) FROM timescale_engine.policy") == [(2,)]
    assert list(move(project.engine, "native", lines.append)) == ["room_1h", "room_1d"]
    assert kept(project) == {"native"}
    assert reads(project) == newer
    assert project.differences() == []
    assert list(move(project.engine, "native", lines.append)) == []


def test_an_interrupted_move_goes_on(project: Project, server: DatabaseServer) -> None:
    if server.edition == "apache":
        pytest.skip("only a Community build can read continuous aggregates")
    migrated(project, HOURLY, DAILY, zoned=False, days=2)
    before = reads(project)
    spec = "(timescale_engine.rollup_named('room_1h')).spec"
    project.execute(f"SELECT timescale_engine.begin_rebuild({spec}, false)")
    assert reads(project) == before
    move(project.engine, "maintained", lambda line: None)
    assert reads(project) == before
    assert kept(project) == {"maintained"}


def test_the_apache_edition_says_why_it_cannot_move(
    project: Project, server: DatabaseServer
) -> None:
    migrated(project, HOURLY)
    if server.edition == "apache":
        with pytest.raises(UnsupportedError, match="does not offer continuous aggregates"):
            move(project.engine, "native", lambda line: None)
        assert kept(project) == {"maintained"}
    else:
        assert list(move(project.engine, "native", lambda line: None)) == []
