"""The same read prepared and not, from the pool and through a real PgBouncer."""

import os
import signal
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from benchmarks.parts import questions, ways
from benchmarks.parts.pgbouncer import pgbouncer
from benchmarks.parts.questions import Sides, question
from benchmarks.report.sections.ways import way_sections
from benchmarks.server import debian
from benchmarks.timing.runner import Plan
from benchmarks.workloads import WORKLOADS
from db.engine import engine_for
from db.errors import ServerError
from tests.support.databases import connection
from tests.support.debian import program

QUICK = Plan(requests=2, rounds=1, max_repeats=8)
GIVEN = [{"exchange": "NSE"}] * 2
LATEST = WORKLOADS["latest_chain"].after


@pytest.fixture(scope="module")
def reading(small_history):
    """The application's engine for reading."""
    engine = engine_for(small_history.engine.url, read_only=True)
    yield engine
    engine.dispose()


@pytest.fixture
def behind(small_history):
    program("pgbouncer", "pgbouncer", "pgbouncer")
    with ways.behind_pgbouncer(small_history.session) as found:
        assert found.missing is None
        yield found


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def prepared(engine):
    """How often the pooler's one session at the server ran what was prepared for the chain."""
    with engine.connect() as session:
        return session.scalar(
            text(
                "SELECT coalesce(sum(generic_plans + custom_plans), 0) FROM pg_prepared_statements "
                "WHERE statement LIKE '%option_chain_latest%'"
            )
        )


def test_a_read_through_the_pooler_gives_the_rows_and_only_one_of_its_engines_prepares(
    behind, reading
):
    assert set(behind.engines) == set(ways.BEHIND)
    direct = ways.call(reading, LATEST, GIVEN)(0)
    calls = behind.calls(LATEST, GIVEN)
    assert direct
    for _ in range(20):
        assert calls["pooler"](0) == direct
    assert prepared(behind.engines["pooler"]) == 0
    for _ in range(20):
        assert calls["pooler_prepared"](1) == direct
    assert prepared(behind.engines["pooler"]) >= 10


def test_the_newest_chain_is_called_in_a_snapshot_and_keeps_what_it_prepared(reading, monkeypatch):
    def look(session, _given):
        return session.scalar(text("SHOW transaction_isolation"))

    assert ways.call(reading, look, GIVEN)(0) == "read committed"
    monkeypatch.setattr(ways, "NEWEST", {look, LATEST})
    assert ways.call(reading, look, GIVEN)(0) == "repeatable read"
    for _ in range(12):
        ways.call(reading, LATEST, GIVEN)(0)
    assert prepared(reading) > 0


def test_the_pooler_and_its_files_are_gone_when_the_block_ends(small_history):
    program("pgbouncer", "pgbouncer", "pgbouncer")
    with ways.behind_pgbouncer(small_history.session) as behind:
        [process, _] = behind.processes
        folder = Path(f"/proc/{process}/cwd").resolve()
        open_to_others = {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()}
        assert folder.stat().st_mode & 0o077 == 0
        assert (open_to_others["users"], open_to_others["pgbouncer.ini"]) == (0, 0)
    assert not runs(process)
    assert not folder.exists()


def test_who_has_not_its_password_is_not_let_in(database):
    command = program("pgbouncer", "pgbouncer", "pgbouncer")
    with pgbouncer(command, database, sessions=1) as pooler:
        with connection(pooler.url) as session:
            assert session.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            connection(pooler.url.set(password="another"))  # noqa: S106 - nobody's


def test_a_question_is_measured_in_each_way(behind, small_history, reading):
    both = Sides(small_history.session, reading, small_history.session, behind)
    nothing = ways.nothing_asked(small_history.session, reading, behind, QUICK)
    asked = {}
    for query in ("max_pain", "snapshot_at"):
        found = WORKLOADS[query]
        # the same database on both sides: what is compared here is the ways
        one = question(both, found, small_history.spec, seed=1)
        asked[query] = questions.measured(both, one, Plan(6, 1), small_history.spec, 0.05)
    for one in (nothing, *asked.values()):
        measured = [one[f"{name}_ms"] for name in ("after", "first", *ways.DIRECT, *ways.BEHIND)]
        assert min(measured) > 0
    document = {
        "arguments": "",
        "nothing": nothing,
        "queries": list(asked.values()),
        "pooler": behind.described(),
    }
    [section] = way_sections(document)
    [_told, table, gain] = section.blocks
    assert [row[0].text for row in table.rows][1:] == [one["title"] for one in asked.values()]
    assert not any(cell.text == "–" for row in table.rows for cell in row)
    assert f"PgBouncer {behind.version}" in gain.text


def test_a_pooler_that_dies_is_missing_from_then_on_and_nothing_else(
    behind, small_history, reading
):
    os.kill(behind.processes[0], signal.SIGKILL)
    found = ways.nothing_asked(small_history.session, reading, behind, QUICK)
    assert behind.missing.startswith("Behind PgBouncer a read failed: ")
    assert (found["pooler_ms"], found["pooler_prepared_ms"]) == (None, None)
    assert min(found["after_ms"], found["call_ms"], found["unprepared_ms"]) > 0
    assert behind.calls(LATEST, GIVEN) == {}
    [section] = way_sections(
        {"arguments": "", "nothing": found, "queries": [], "pooler": behind.described()}
    )
    assert [row[-1].text for row in section.blocks[1].rows] == ["–"]
    assert section.blocks[-1].text == behind.missing


def test_where_no_pooler_is_to_be_had_the_report_says_so(small_history, monkeypatch):
    def none(*_):
        raise ServerError("Debian's archive is no choice here.")

    monkeypatch.setattr("benchmarks.parts.ways.pgbouncer_program", none)
    with ways.behind_pgbouncer(small_history.session) as behind:
        assert behind.missing == "No PgBouncer was found: Debian's archive is no choice here."
        assert (behind.engines, behind.processes) == ({}, ())


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo nonsense", "PgBouncer does not start: nonsense."),
        ("exit 1", "PgBouncer does not start: it says nothing."),
        (
            '[ "$1" = --version ] && echo PgBouncer 1.9.0 && exit 0\n'
            "echo '2026-11-27 08:00:00 UTC [1] FATAL the port is taken.' >&2\nexit 1",
            "PgBouncer does not start: FATAL the port is taken.",
        ),
    ],
)
def test_a_broken_pooler_gets_one_sentence(
    small_history, monkeypatch, tmp_path_factory, script, sentence
):
    monkeypatch.setattr(
        "benchmarks.parts.ways.pgbouncer_program", lambda: ["/bin/sh", "-c", script, "pgbouncer"]
    )
    with ways.behind_pgbouncer(small_history.session) as behind:
        assert behind.missing == sentence
        assert behind.engines == {}


def test_a_folder_without_the_program_is_named(tmp_path, monkeypatch):
    (tmp_path / "pgbouncer").mkdir()
    monkeypatch.setattr(debian, "settings", lambda: type("Kept", (), {"home": tmp_path}))
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ServerError, match="holds no pgbouncer"):
        debian.program("pgbouncer", "pgbouncer", "pgbouncer")
