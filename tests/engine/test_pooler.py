"""Behind a pooler that lends a session for one transaction the program works as without one."""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError

from app.collector import Collector, CollectorOptions
from app.feeds.simulate.feed import SimulateFeed
from app.push.listener import Listener
from app.web.database import Database
from benchmarks.server.ports import free_port
from db import engine as engines
from db.errors import SettingsError
from db.queries import summary
from db.roles.declared import WEB, WRITER
from db.roles.logins import keep_login
from db.server.account import unprivileged_account
from db.settings import Settings
from tests.support.databases import DatabaseServer, connection
from tests.support.debian import listens, program
from tests.support.editions import LOCAL
from tests.support.paths import ROOT
from tests.support.pgbouncer import pgbouncer
from tests.support.waiting import eventually

SETTINGS = Settings(statement_timeout_s=1, connect_timeout_s=2)


@pytest.fixture
def pooled(database: URL) -> Iterator[URL]:
    with pgbouncer(database) as url:
        yield url


@pytest.fixture
def settings(database: URL, pooled: URL) -> Settings:
    return replace(SETTINGS, database_url=pooled, database_direct_url=database)


@pytest.fixture
def writer(settings: Settings, pooled: URL) -> Iterator[Engine]:
    engine = engines.engine_for(pooled, settings=settings)
    yield engine
    engine.dispose()


@pytest.fixture
def reader(settings: Settings, pooled: URL) -> Iterator[Engine]:
    engine = engines.engine_for(pooled, settings=settings, read_only=True)
    yield engine
    engine.dispose()


SHOWN = text("SELECT current_setting(:name)")


def test_every_transaction_carries_the_limits_of_its_own_engine(
    writer: Engine, reader: Engine
) -> None:
    for _ in range(3):
        with writer.begin() as session:
            assert session.scalar(SHOWN, {"name": "statement_timeout"}) == "1s"
            assert session.scalar(SHOWN, {"name": "plan_cache_mode"}) == "force_custom_plan"
        with reader.connect() as session:
            assert session.scalar(SHOWN, {"name": "plan_cache_mode"}) == "auto"


def test_what_one_engine_sets_another_client_never_finds(writer: Engine, pooled: URL) -> None:
    with writer.begin() as session:
        session.execute(text("SELECT 1"))
    with connection(pooled) as other:
        assert other.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_reader_behind_a_pooler_cannot_write(reader: Engine) -> None:
    with reader.connect() as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(text("CREATE TABLE mark (id int)"))


def test_a_statement_that_takes_too_long_is_stopped_behind_a_pooler(reader: Engine) -> None:
    with reader.connect() as session, pytest.raises(DBAPIError, match="statement timeout"):
        session.execute(text("SELECT pg_sleep(20)"))


def test_many_readers_share_few_sessions_without_missing_a_prepared_statement(
    settings: Settings, pooled: URL
) -> None:
    wide = replace(settings, pool_size=12)
    engine = engines.engine_for(pooled, settings=wide, read_only=True)

    def read(_: int) -> int:
        with engine.connect() as session:
            session.execution_options(isolation_level="REPEATABLE READ")
            return len([summary.summary(session, "NSE") for _ in range(20)])

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(read, range(48))) == [20] * 48
    engine.dispose()


def test_a_collector_stores_and_announces_through_a_pooler(
    writer: Engine, settings: Settings, database: URL, tmp_path: Path
) -> None:
    feed = SimulateFeed(7, interval_s=0.05)
    collector = Collector(
        writer, feed, CollectorOptions(snapshot_interval_s=1, spool=tmp_path / "spool")
    )
    source = Database(settings, explicit=True)
    assert source.direct_url() == database
    with ThreadPoolExecutor(1) as thread, Listener(source.direct_url()) as listener:
        running = thread.submit(collector.run)
        try:
            eventually(lambda: "NSE" in listener.heard(0.1).chains)
            eventually(lambda: collector.counts.snapshots >= 4 or running.done())
        finally:
            collector.stop()
        counts = running.result(60)
    assert counts.snapshots >= 4
    assert (counts.refused.total(), counts.dropped) == (0, 0)
    with closing(source), source.newest() as session:
        assert summary.summary(session, "NSE") is not None


def test_a_pooler_that_nobody_told_of_is_named_with_the_setting_that_helps(pooled: URL) -> None:
    engine = engines.engine_for(pooled, settings=SETTINGS)
    with pytest.raises(SettingsError, match="OI_DATABASE_DIRECT_URL"), engine.connect():
        pytest.fail("connected")
    engine.dispose()


@pytest.fixture
def scripted(server: DatabaseServer, database: URL) -> Iterator[URL]:
    """The database behind what deploy/compose starts as its pooler."""
    if server.name != LOCAL:
        pytest.skip("its accounts have fixed names, which a server of others may have, too")
    with connection(database) as session:
        for name, group in (("oi_dashboard", WEB), ("oi_collector", WRITER)):
            keep_login(session, name, f"of {name}", group)
    command = shlex.join(program("pgbouncer", "pgbouncer", "pgbouncer"))
    account, port = unprivileged_account(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="oi-test-pooler-"))
    (folder / "pgbouncer").write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    for path in (folder, folder / "pgbouncer"):
        path.chmod(0o755)
        if account:
            shutil.chown(path, account.uid, account.gid)
    process = subprocess.Popen(
        ["sh", ROOT / "deploy" / "compose" / "pooler.sh"],
        env={
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "TMPDIR": str(folder),
            "OI_DB_WEB_PASSWORD": "of oi_dashboard",
            "OI_DB_COLLECTOR_PASSWORD": "of oi_collector",
            "DB_HOST": database.host or "127.0.0.1",
            "DB_PORT": str(database.port),
            "DB_NAME": database.database or "",
            "LISTEN_ADDR": "127.0.0.1",
            "LISTEN_PORT": str(port),
        },
        stderr=subprocess.DEVNULL,
        user=account.uid if account else None,
    )
    try:
        eventually(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None
        yield URL.create("postgresql", host="127.0.0.1", port=port, database="oi_gemini")
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def test_the_pooler_of_the_composition_lets_each_account_in_as_itself(scripted: URL) -> None:
    for name in ("oi_dashboard", "oi_collector"):
        url = scripted.set(username=name, password=f"of {name}")
        with connection(url) as session:
            assert session.execute("SELECT current_user::text").fetchone() == (name,)
    for name, password in (("oi_dashboard", "of oi_collector"), ("oi", "oi")):
        with pytest.raises(psycopg.OperationalError):
            connection(scripted.set(username=name, password=password))
