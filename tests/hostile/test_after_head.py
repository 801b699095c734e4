"""What comes after the upgrade: values no market has, and publications."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db import convert, migrate
from db.archive import moving
from db.baseline.tables import metadata as legacy
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
