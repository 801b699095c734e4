"""Up, down and up again, as a whole and step by step, with rows in every table."""

import pytest
from sqlalchemy import URL

from benchmarks.traffic import probes
from db import migrate
from db.baseline.tables import metadata
from tests.support.databases import connection
from tests.support.legacy import EXCHANGES, SNAPSHOTS_A_DAY, STRIKES, contents, legacy_database


def scalar(url: URL, query: str) -> object:
    with connection(url) as session:
        (value,) = session.execute(query).fetchone()
    return value


def test_up_down_and_up_again_keeps_every_row(empty_database: URL) -> None:
    legacy_database(empty_database)
    before = contents(empty_database)
    assert all(before.values())

    migrate.upgrade(empty_database)
    assert contents(empty_database) == before
    migrate.downgrade(empty_database, "base")
    assert contents(empty_database) == before
    migrate.upgrade(empty_database)
    assert contents(empty_database) == before


def test_each_revision_goes_down_and_up_by_itself(empty_database: URL) -> None:
    legacy_database(empty_database)
    before = contents(empty_database)
    for revision in migrate.revisions():
        migrate.upgrade(empty_database, revision)
        migrate.downgrade(empty_database, "-1")
        assert contents(empty_database) == before, f"below {revision}"
        migrate.upgrade(empty_database, revision)
        assert contents(empty_database) == before, f"at {revision}"
        assert migrate.current(empty_database) == revision


def test_each_revision_gets_its_locks_beside_a_writer_that_never_rests(
    empty_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy_database(empty_database)
    monkeypatch.setattr(probes, "_PAUSE_S", 0.0)
    with probes.probing(empty_database) as seen:
        for revision in migrate.revisions():
            migrate.upgrade(empty_database, revision)
        for revision in reversed(migrate.revisions()):
            migrate.downgrade(empty_database, revision)
    assert seen.errors == []


def test_downgrading_restores_the_legacy_keys_and_indexes(empty_database: URL) -> None:
    legacy_database(empty_database)
    query = (
        "SELECT array_agg(indexdef ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'public'"
    )
    before = scalar(empty_database, f"{query} AND tablename <> 'alembic_version'")

    migrate.upgrade(empty_database)
    migrate.downgrade(empty_database, "base")

    assert scalar(empty_database, f"{query} AND tablename <> 'alembic_version'") == before


def test_numbers_go_on_where_they_were(empty_database: URL) -> None:
    legacy_database(empty_database)
    highest = scalar(empty_database, "SELECT max(id) FROM option_chain_snapshots")
    insert = """
        INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, symbol, token)
        VALUES ('2026-11-21 09:15', 'NSE', %s, 'CE', 'N', 1)
        RETURNING id
    """
    for strike, target in enumerate(("head", "base"), start=1):
        if target == "head":
            migrate.upgrade(empty_database)
        else:
            migrate.downgrade(empty_database, "base")
        with connection(empty_database) as session:
            (number,) = session.execute(insert, [strike]).fetchone()
        assert number > highest
        highest = number


def test_upgrading_fills_the_live_edge_from_history(empty_database: URL) -> None:
    legacy_database(empty_database)
    migrate.upgrade(empty_database)

    assert scalar(empty_database, "SELECT count(*) FROM snapshots") == (
        2 * len(EXCHANGES) * SNAPSHOTS_A_DAY
    )
    contracts = 2 * len(STRIKES)
    assert scalar(empty_database, "SELECT count(*) FROM option_chain_latest") == (
        len(EXCHANGES) * contracts
    )
    assert scalar(empty_database, "SELECT min(contracts) FROM chain_summary") == contracts
    assert scalar(empty_database, "SELECT sum(snapshots) FROM oi_1d") == (
        2 * len(EXCHANGES) * SNAPSHOTS_A_DAY
    )


def test_the_time_zone_of_the_database_is_restored(empty_database: URL) -> None:
    name = empty_database.database
    setting = "SELECT current_setting('TimeZone')"
    with connection(empty_database) as session:
        session.execute(f"ALTER DATABASE \"{name}\" SET TimeZone = 'Europe/Paris'")

    migrate.upgrade(empty_database, "0002_market_time")
    assert scalar(empty_database, setting) == "Asia/Kolkata"
    migrate.downgrade(empty_database, "0001_baseline")
    assert scalar(empty_database, setting) == "Europe/Paris"


def test_market_now_is_the_exchanges_clock_in_any_session(database: URL) -> None:
    with connection(database) as session:
        session.execute("SET TimeZone = 'America/New_York'")
        (difference,) = session.execute(
            "SELECT market_now() - (now() AT TIME ZONE 'UTC')"
        ).fetchone()
    assert difference.total_seconds() == 5.5 * 3600


def test_every_legacy_table_is_there_after_the_baseline(empty_database: URL) -> None:
    migrate.upgrade(empty_database, "0001_baseline")
    with connection(empty_database) as session:
        found = {name for (name,) in session.execute("SELECT tablename FROM pg_tables")}
    assert set(metadata.tables) <= found
