"""Behind a pooler that lends a session for one transaction the program works as without one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import DBAPIError

from app.collector import Collector, CollectorOptions
from app.feeds.simulate.feed import SimulateFeed
from app.push.listener import Listener
from app.web.database import Database
from db import engine as engines
from db.errors import SettingsError
from db.queries import summary
from db.settings import Settings
from tests.support.databases import connection
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
