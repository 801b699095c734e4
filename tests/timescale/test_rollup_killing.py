"""A migration of rollups killed after any of its steps continues when it is run again."""

import re

import pytest
from sqlalchemy.exc import DBAPIError

from tests.timescale import killing
from tests.timescale.killing import Killer
from tests.timescale.project import Project
from tests.timescale.rollups import DAILY, DAY, HOURLY, fill, readings

STATE = """
SELECT r.relation::text, r.spec::text, r.definition FROM timescale_engine.rollup AS r
UNION ALL SELECT 'room_1h', count(*)::text, sum(labelled)::text FROM room_1h
UNION ALL SELECT 'room_1d', count(*)::text, sum(hours)::text FROM room_1d
ORDER BY 1, 2
"""


def test_killed_anywhere_rollups_are_made_and_changed_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = re.compile(r"\s*(SELECT timescale_engine\.(?!rebuilding|rollup_named)|CALL|DROP)")
    monkeypatch.setattr(killing, "CHANGE", step)
    readings(project.metadata, zoned=False)
    project.autogenerate("table")
    project.upgrade()
    fill(project, 3)
    project.write("op.install_engine()", "op.drop_engine()")
    project.write(UPGRADE, DOWNGRADE)
    project.upgrade()
    wanted = project.rows(STATE)
    project.downgrade()
    for revision, is_done in (("head", True), ("-1", False)):
        deaths = 0
        while killed_after(project, deaths + 1, revision):
            deaths += 1
        assert deaths > 4
        if is_done:
            assert project.rows(STATE) == wanted
    assert project.rows("SELECT count(*) FROM timescale_engine.rollup") == [(0,)]
    assert project.rows("SELECT to_regclass('room_1h'), to_regclass('room_1d')") == [(None, None)]


def killed_after(project: Project, changes: int, revision: str) -> bool:
    """Runs towards a revision and dies after some steps; False where there were fewer."""
    project.on_engine = Killer(project.url, changes)
    try:
        if revision == "head":
            project.upgrade()
        else:
            project.downgrade(revision)
    except DBAPIError:
        return True
    finally:
        project.on_engine = lambda engine: None
    return False


def _arguments(**values: object) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _hourly(**more: str) -> dict[str, object]:
    return {
        "source": HOURLY.source,
        "time_column": HOURLY.time_column,
        "bucket": HOURLY.bucket,
        "group_by": ["room"],
        "aggregates": {a.name: a.expression for a in HOURLY.aggregates} | more,
    }


_DAILY = _arguments(
    source=DAILY.source,
    time_column="bucket",
    bucket=DAY,
    group_by=["room"],
    aggregates={a.name: a.expression for a in DAILY.aggregates},
)
_POLICY = _arguments(start_offset=3 * DAY, end_offset=HOURLY.bucket, schedule_interval=DAY)
_OLD, _NEW = repr(_hourly()), repr(_hourly(coldest="min(celsius)"))

UPGRADE = f"""
op.create_rollup("room_1h", {_arguments(**_hourly())})
op.add_refresh_policy("room_1h", {_POLICY})
op.create_rollup("room_1d", {_DAILY})
op.alter_rollup("room_1h", definition={_NEW}, existing={_OLD})
"""
DOWNGRADE = f"""
op.alter_rollup("room_1h", definition={_OLD}, existing={_NEW})
op.drop_rollup("room_1d", {_DAILY})
op.remove_refresh_policy("room_1h", {_POLICY})
op.drop_rollup("room_1h", {_arguments(**_hourly())})
"""
