"""Policies the toolkit runs itself: in order, once each, by hand or by the server."""

import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from db.cli.maintain import command as maintain
from db.timescale import scheduling
from db.timescale.engine.install import install_script
from db.timescale.errors import TimescaleError
from db.timescale.maintenance import fill_all, run_due
from tests.support.databases import DatabaseServer, connection

ROLLUP = {
    "name": "m1",
    "source": "ticks",
    "time_column": "t",
    "bucket": "1 minute",
    "group_by": [],
    "aggregates": [{"name": "ticks", "expression": "count(*)"}],
}
OLD, NEW = "2026-01-01 09:00", "2026-01-02 09:00"


@pytest.fixture(scope="module")
def url(server: DatabaseServer) -> Iterator[URL]:
    """One database for all tests of a server."""
    with server.database("extension") as url:
        yield url


@pytest.fixture
def session(url: URL) -> Iterator[psycopg.Connection]:
    """Two days of one row a minute under a maintained rollup that nothing has filled."""
    with connection(url) as session:
        session.execute("SET client_min_messages = error")
        session.execute("DROP SCHEMA IF EXISTS timescale_engine CASCADE")
        session.execute("DROP TABLE IF EXISTS ticks CASCADE")
        session.execute("CREATE TABLE ticks (t timestamp NOT NULL)")
        session.execute(
            "SELECT create_hypertable('ticks', 't', chunk_time_interval => INTERVAL '1 day')"
        )
        session.execute(install_script().encode())
        session.execute("SELECT timescale_engine.create_rollup(%s, false)", (Jsonb(ROLLUP),))
        session.execute(
            "INSERT INTO ticks SELECT t FROM unnest(ARRAY[%s, %s]::timestamp[]) day,"
            " generate_series(day, day + INTERVAL '1 hour', '1 minute') t",
            (OLD, NEW),
        )
        yield session


@pytest.fixture
def engine(url: URL, session: psycopg.Connection) -> Engine:
    return create_engine(url, poolclass=NullPool)


def policy(
    session: psycopg.Connection, kind: str, target: str, config: dict[str, str] | None = None
) -> None:
    session.execute(
        "SELECT timescale_engine.set_policy(%s, %s, %s, INTERVAL '1 hour')",
        (kind, target, Jsonb(config or {})),
    )


def retention_until_new(session: psycopg.Connection) -> dict[str, str]:
    """A retention under which only the newer of the two days is left."""
    row = session.execute("SELECT (localtimestamp - TIMESTAMP '2026-01-02')::text").fetchone()
    return {"drop_after": row[0] if row else ""}


def scalar(session: psycopg.Connection, query: str) -> object:
    row = session.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_retention_waits_until_rollups_have_taken_every_row(
    session: psycopg.Connection, engine: Engine
) -> None:
    policy(session, "retention", "public.ticks", retention_until_new(session))
    runs = run_due(engine)
    assert [(run.kind, run.target, run.status) for run in runs] == [
        ("retention", "public.ticks", "ok")
    ]
    assert scalar(session, "SELECT min(t)::text FROM ticks") == f"{NEW}:00"
    assert scalar(session, "SELECT sum(ticks) FROM m1") == 122


def test_retention_of_a_rollup_that_holds_nothing_has_nothing_to_do(
    session: psycopg.Connection, engine: Engine
) -> None:
    session.execute("TRUNCATE ticks")
    hourly = {**ROLLUP, "name": "h1", "source": "m1", "time_column": "bucket", "bucket": "1 hour"}
    hourly["aggregates"] = [{"name": "ticks", "expression": "sum(ticks)"}]
    session.execute("SELECT timescale_engine.create_rollup(%s, false)", (Jsonb(hourly),))
    policy(session, "retention", "public.m1", {"drop_after": "1 day"})
    assert [(run.status, run.error) for run in run_due(engine)] == [("ok", None)]


def test_policies_run_in_order_and_not_again_before_they_are_due(
    session: psycopg.Connection, engine: Engine
) -> None:
    policy(session, "retention", "public.ticks", retention_until_new(session))
    policy(session, "refresh", "public.m1")
    assert [run.kind for run in run_due(engine)] == ["refresh", "retention"]
    assert list(run_due(engine)) == []
    assert [run.kind for run in run_due(engine, all_now=True)] == ["refresh", "retention"]


def test_retention_of_an_archived_table_waits_for_the_archive(
    session: psycopg.Connection, engine: Engine
) -> None:
    session.execute(
        "CREATE OR REPLACE FUNCTION timescale_engine.run_archive(target text, config jsonb)"
        " RETURNS boolean"
        " LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'the disk is full'; END$$"
    )
    policy(session, "archive", "public.ticks")
    policy(session, "retention", "public.ticks", retention_until_new(session))
    archive, retention = run_due(engine)
    assert (archive.status, archive.error) == ("error", "the disk is full")
    assert retention.status == "error"
    assert "archive policy has not succeeded" in (retention.error or "")
    assert scalar(session, "SELECT count(*) FROM ticks") == 122


def test_a_policy_somebody_else_is_running_is_left_to_them(
    session: psycopg.Connection, url: URL, engine: Engine
) -> None:
    policy(session, "refresh", "public.m1")
    with connection(url) as other, other.transaction():
        claimed = other.execute("SELECT (timescale_engine.claim_policy()).kind").fetchone()
        assert claimed == ("refresh",)
        assert list(run_due(engine)) == []


def test_an_error_ends_one_policy_and_not_the_others(
    session: psycopg.Connection, engine: Engine
) -> None:
    policy(session, "refresh", "public.gone")
    policy(session, "refresh", "public.m1")
    assert {run.target: run.status for run in run_due(engine)} == {
        "public.gone": "error",
        "public.m1": "ok",
    }
    assert scalar(session, "SELECT watermark::text FROM timescale_engine.rollup") != "-infinity"


def test_filling_takes_all_that_the_source_holds(
    session: psycopg.Connection, engine: Engine
) -> None:
    session.execute("INSERT INTO ticks VALUES ('2026-01-05 09:00'), ('2026-01-09 09:00')")
    lines: list[str] = []
    assert list(fill_all(engine, lines.append)) == ["m1"]
    assert scalar(session, "SELECT watermark::text FROM timescale_engine.rollup") == (
        "2026-01-09 09:00:00"
    )
    assert scalar(session, "SELECT sum(ticks) FROM timescale_engine.m1") == 123


def test_a_database_without_the_engine_is_told_what_to_do(
    session: psycopg.Connection, engine: Engine
) -> None:
    session.execute("DROP SCHEMA timescale_engine CASCADE")
    with pytest.raises(TimescaleError, match="alembic upgrade head"):
        run_due(engine)


def test_the_command_prints_what_ran_and_fails_when_a_policy_did(
    session: psycopg.Connection,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("db.engine.direct_engine", lambda: engine)
    policy(session, "refresh", "public.m1")
    assert exit_code("--json", "--fill") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["failed"], printed["filled"]) == (0, ["m1"])
    assert [(run["target"], run["status"]) for run in printed["runs"]] == [("public.m1", "ok")]
    policy(session, "refresh", "public.gone")
    assert exit_code() == 1
    assert "There is no rollup public.gone" in capsys.readouterr().out


def exit_code(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        maintain.main(args=list(arguments), prog_name="maintain")
    return ended.value.code


def test_nothing_is_scheduled_where_there_is_nothing_to_run(empty_database: URL) -> None:
    engine = create_engine(empty_database, poolclass=NullPool)
    with pytest.raises(TimescaleError, match="holds no rollup engine"):
        scheduling.schedule(engine, timedelta(seconds=30))


def test_the_server_runs_what_is_due_where_it_has_a_scheduler(
    session: psycopg.Connection, engine: Engine, server: DatabaseServer
) -> None:
    preloaded = scalar(session, "SELECT current_setting('shared_preload_libraries')")
    if server.edition == "apache" and "pg_cron" not in str(preloaded):
        pytest.skip("the server has no scheduler: pg_cron is not loaded")
    expected = "pg_cron" if server.edition == "apache" else "job"
    try:
        assert scheduling.schedule(engine, timedelta(seconds=30)) == expected
        assert scheduling.schedule(engine, timedelta(minutes=5)) == expected
        assert scheduling.scheduled_by(engine) == expected
    finally:
        scheduling.unschedule(engine)
    assert scheduling.scheduled_by(engine) is None
