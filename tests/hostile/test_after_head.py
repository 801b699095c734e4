"""What comes after the upgrade: values no market has, and publications."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db import convert, migrate
from db.archive import moving
from db.baseline.tables import metadata as legacy
from db.engine import engine_for
from db.market.clock import IST
from db.queries.breaches import breaches
from db.queries.past import context_at
from db.status.findings import Finding, findings
from db.status.reading import read
from db.timescale.maintenance import fill_all, run_due
from tests.support.databases import DatabaseServer, connection

FAR = ("infinity", "9999-12-31 15:00", "294246-12-31 09:15", "0044-03-15 10:00 BC", "1970-01-01")
TABLES = ("macro_signals", "vix_term_structure", "ml_features")


@pytest.fixture
def head(hostile: URL) -> URL:
    migrate.upgrade(hostile)
    return hostile


@pytest.fixture
def session(head: URL) -> Iterator[psycopg.Connection]:
    with connection(head) as own:
        yield own


def texts(url: URL) -> dict[str, list[tuple]]:
    """Every row of the legacy columns as text: Python has no such times."""
    found = {}
    with connection(url) as own:
        for table in legacy.sorted_tables:
            columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
            query = sql.SQL("SELECT ROW({})::TEXT FROM {} ORDER BY 1").format(
                columns, sql.Identifier(table.name)
            )
            found[table.name] = own.execute(query).fetchall()
    return found


def red(url: URL) -> list[Finding]:
    engine = create_engine(url, poolclass=NullPool)
    return [found for found in findings(read(engine)) if found.severity == "red"]


@pytest.mark.parametrize("finished", [False, True], ids=["exchanged", "converted"])
def test_rows_of_times_no_market_has_stop_nothing(
    head: URL, session: psycopg.Connection, finished: bool
) -> None:
    for time in FAR:
        session.execute(
            "INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, symbol, "
            "token) VALUES (%s, 'NSE', 1, 'CE', 'S', 1)",
            [time],
        )
        for table in TABLES:
            session.execute(
                sql.SQL("INSERT INTO {} (timestamp, exchange) VALUES (%s, 'NSE')").format(
                    sql.Identifier(table)
                ),
                [time],
            )
    before = texts(head)
    engine = create_engine(head, poolclass=NullPool)

    fill_all(engine, lambda line: None)
    assert [run.error for run in run_due(engine, all_now=True) if run.error] == []
    moving.run(head, "option_chain_snapshots")
    assert all("timestamp" not in found.text for found in red(head))
    for table in ("option_chain_snapshots", *TABLES) if finished else ():
        convert.finish(head, table)
    migrate.downgrade(head, "base")

    assert texts(head) == before


HUGE = 9_000_000_000_000_000_000
AT = datetime(2026, 11, 20, 15, 10)
SUMMED = ("oi", "ltp", "volume", "underlying_price")
SHOWN = "SELECT \"timestamp\", oi_ce, oi_pe, future_oi FROM chain_summary WHERE exchange = 'NSE'"


def stored(session: psycopg.Connection, at: datetime, **changed: object) -> None:
    """A chain of two strikes as the old program stores it, a row at a time in one transaction."""
    row = {
        "oi": 10,
        "ltp": 5.0,
        "volume": 1,
        "future_oi": 7.0,
        "underlying_price": 100.0,
        **changed,
    }
    with session.transaction():
        for strike in (100, 200):
            for side in ("CE", "PE"):
                session.execute(
                    "INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, "
                    "symbol, token, oi, ltp, volume, underlying_price) VALUES (%s, 'NSE', %s, %s, "
                    "'S', 1, %s, %s, %s, %s)",
                    [at, strike, side, *(row[name] for name in SUMMED)],
                )
        session.execute(
            "INSERT INTO ml_features (timestamp, exchange, underlying_future_oi) "
            "VALUES (%s, 'NSE', %s)",
            [at, row["future_oi"]],
        )


@pytest.mark.parametrize(
    ("number", "known"),
    [
        ({"oi": HUGE}, (None, None, 7)),
        ({"oi": -HUGE}, (None, None, 7)),
        ({"oi": HUGE // 2}, (HUGE, HUGE, 7)),
        ({"volume": HUGE}, (20, 20, 7)),
        ({"future_oi": 1e300}, (20, 20, None)),
        ({"future_oi": float("nan")}, (20, 20, None)),
        ({"ltp": float("inf"), "underlying_price": float("nan")}, (20, 20, 7)),
    ],
    ids=str,
)
def test_a_sum_that_no_column_holds_is_unknown_and_stops_no_writer(
    database: URL, number: dict[str, float], known: tuple[int | None, ...]
) -> None:
    with connection(database) as session:
        stored(session, AT, **number)
        assert session.execute(SHOWN).fetchone() == (AT, *known)
        # neither the chain behind it nor the rollups stumble over it
        stored(session, AT + timedelta(minutes=3))
        stored(session, AT - timedelta(minutes=3), oi=-1)
        assert session.execute(SHOWN).fetchone() == (AT + timedelta(minutes=3), 20, 20, 7)
    engine = create_engine(database, poolclass=NullPool)
    fill_all(engine, lambda line: None)
    assert [run.error for run in run_due(engine, all_now=True) if run.error] == []


@pytest.mark.parametrize(
    ("before", "number"),
    [({}, {"ltp": 1.7e308}), ({"oi": HUGE}, {"oi": -HUGE})],
    ids=["sum of prices", "change of interest"],
)
def test_what_arithmetic_does_not_survive_is_stored_and_not_shown(
    database: URL, before: dict[str, float], number: dict[str, float]
) -> None:
    later = AT + timedelta(minutes=3)
    with connection(database) as session:
        stored(session, AT, **before)
        shown = session.execute(SHOWN).fetchone()
        stored(session, later, **number)
        rows = "SELECT count(*) FROM option_chain_snapshots WHERE timestamp = %s"
        assert session.execute(rows, [later]).fetchone() == (4,)
        assert session.execute(SHOWN).fetchone() == shown

        # corrected, it is
        session.execute(
            "UPDATE option_chain_snapshots SET ltp = 6, oi = 10 WHERE timestamp = %s", [later]
        )
        assert session.execute(SHOWN).fetchone() == (later, 20, 20, 7)


NONE = (float("nan"), float("inf"), float("-inf"), 0.0, -1.0)


@pytest.mark.parametrize("index", NONE, ids=str)
def test_an_index_that_is_none_puts_no_strike_at_the_money(database: URL, index: float) -> None:
    query = "SELECT atm_strike, underlying_price FROM {} WHERE exchange = 'NSE'"
    with connection(database) as session:
        stored(session, AT, underlying_price=index)
        for table in ("chain_summary", "snapshots"):
            asked = sql.SQL(query).format(sql.Identifier(table))
            assert session.execute(asked).fetchone() == (None, None)
        # one contract that was told it is enough
        session.execute("UPDATE option_chain_snapshots SET underlying_price = 190 WHERE id = 1")
        assert session.execute(query.format("chain_summary")).fetchone() == (200.0, 190.0)


def test_an_index_that_was_taken_for_one_before_is_unknown_at_head(hostile: URL) -> None:
    migrate.upgrade(hostile, "0021_iv_skew")
    with connection(hostile) as session:
        stored(session, AT, underlying_price=float("nan"))
        assert session.execute("SELECT atm_strike FROM chain_summary WHERE timestamp = %s", [AT])

    migrate.upgrade(hostile)

    with connection(hostile) as session:
        for table in ("chain_summary", "snapshots"):
            found = session.execute(
                sql.SQL("SELECT atm_strike, underlying_price FROM {} WHERE timestamp = %s").format(
                    sql.Identifier(table)
                ),
                [AT],
            ).fetchall()
            assert found == [(None, None)]


def test_numbers_that_are_none_keep_no_past_moment_from_being_read(database: URL) -> None:
    """NaN and infinity of another program's, and those of databases before 0.3.0."""
    at = AT.replace(tzinfo=IST)
    with connection(database) as session:
        stored(session, AT - timedelta(minutes=3), oi=100)
        stored(session, AT, future_oi=float("nan"))
        for number, strike in (("NaN", 100), ("Infinity", 200)):
            session.execute(
                "UPDATE option_chain_snapshots SET pct_change_3m = %s "
                "WHERE strike = %s AND timestamp = %s",
                [number, strike, AT],
            )
        # so small a rest that what there was before is beyond any column
        session.execute(
            "UPDATE option_chain_snapshots SET pct_change_5m = -99.99999999999999, oi = 1000000 "
            "WHERE timestamp = %s",
            [AT],
        )
    engine = engine_for(database, read_only=True)
    with engine.connect() as reading:
        assert context_at(reading, "NSE", at).future_oi is None
        found = breaches(reading, "NSE", at - timedelta(hours=1), at, 9)
    engine.dispose()
    assert {(one.minutes, one.oi_change) for one in found} == {(5, None)}


def test_status_names_rollups_that_show_what_row_security_hides(
    database: URL, server: DatabaseServer
) -> None:
    if server.edition == "community":
        pytest.skip("Community has no row security beside a columnstore")
    with connection(database) as session:
        session.execute("ALTER TABLE option_chain_snapshots ENABLE ROW LEVEL SECURITY")

    (found,) = (one for one in red(database) if one.subject == "option_chain_snapshots")

    assert "contract_5m" in found.text


@pytest.mark.parametrize(
    ("publication", "words"),
    [
        ("FOR ALL TABLES", "covers every table of the database"),
        ("FOR TABLES IN SCHEMA public", "covers every table of the schema public"),
        ("FOR TABLE macro_signals", "names the hypertable macro_signals"),
    ],
)
def test_status_names_a_publication_that_hypertables_are_in(
    server: DatabaseServer, database: URL, publication: str, words: str
) -> None:
    with connection(server.url(database.database or "")) as session:
        statement = sql.SQL("CREATE PUBLICATION mine {}").format(sql.SQL(publication))
        session.execute(statement)

    (found,) = (one for one in red(database) if one.subject == "publication mine")

    assert words in found.text
