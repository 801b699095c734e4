"""Chains asked of a chunk are those of the table, whatever becomes of the chunk meanwhile."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import URL, Connection, Engine, text

from db import watch
from db.engine import engine_for
from db.ingest import write_snapshot
from db.queries import chain
from db.roles.declared import WEB
from tests.support.chains import at, snapshot
from tests.support.databases import DatabaseServer

YESTERDAY = -24 * 60


class Asked:
    """Which statements found rows, by name."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def statement(self, ended: watch.Statement) -> None:
        if ended.rows:
            self.names.append(ended.name)

    def connected(self, wait_s: float, failed: bool) -> None:
        pass


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """The same chain, its OI growing, at two minutes of yesterday and at three of today."""
    with engine.begin() as session:
        for number, minute in enumerate((YESTERDAY, YESTERDAY + 1, 0, 1, 2)):
            write_snapshot(session, snapshot(at(minute), 100 + number))
    return engine


@pytest.fixture
def reader(filled: Engine, database: URL) -> Iterator[Connection]:
    """A connection that has read both days, and knows their chunks."""
    reads = engine_for(database, read_only=True)
    with reads.connect() as connection:
        for minute in (YESTERDAY, 0):
            assert chain.chain_as_of(connection, "NSE", at(minute))
        yield connection
    reads.dispose()


@pytest.fixture
def asked() -> Iterator[Asked]:
    made = Asked()
    forget = watch.observe(made)
    yield made
    forget()


def oi_as_of(connection: Connection, minute: float) -> set[int | None]:
    return {row.oi for row in chain.chain_as_of(connection, "NSE", at(minute))}


@pytest.fixture
def change(filled: Engine) -> Callable[[str], None]:
    def run(statements: str) -> None:
        with filled.begin() as session:
            session.execute(text(statements))

    return run


def test_a_day_that_was_read_is_asked_for_by_one_statement(
    reader: Connection, asked: Asked
) -> None:
    for _ in range(12):
        assert [oi_as_of(reader, minute) for minute in (0.5, 1, 300)] == [{102}, {103}, {104}]
    assert set(asked.names) == {"chain.chain_as_of"}


def test_before_the_days_first_snapshot_it_is_the_day_before(reader: Connection) -> None:
    assert [oi_as_of(reader, minute) for minute in (-60, -8 * 60, 2 * 24 * 60)] == [
        {101},
        {101},
        {104},
    ]
    assert oi_as_of(reader, YESTERDAY - 1) == set()


def test_rows_that_come_change_and_go_are_seen(
    reader: Connection, filled: Engine, change: Callable[[str], None]
) -> None:
    with filled.begin() as session:
        write_snapshot(session, snapshot(at(1.5), 7))
    assert oi_as_of(reader, 1.7) == {7}
    change("UPDATE option_chain_snapshots SET oi = 8 WHERE oi = 7")
    assert oi_as_of(reader, 1.7) == {8}
    change("UPDATE option_chain_snapshots SET timestamp = '2026-11-20 09:16:48' WHERE oi = 8")
    assert (oi_as_of(reader, 1.7), oi_as_of(reader, 1.9)) == ({103}, {8})
    change("DELETE FROM option_chain_snapshots WHERE oi = 103")
    assert oi_as_of(reader, 1.7) == {102}


def test_a_chunk_that_was_archived_is_read_there_and_one_that_came_back_from_the_table(
    reader: Connection, filled: Engine, change: Callable[[str], None]
) -> None:
    change(
        "INSERT INTO archive.option_chain_snapshots SELECT * FROM option_chain_snapshots"
        " WHERE timestamp < '2026-11-20'"
    )
    change("SELECT drop_chunks('option_chain_snapshots', '2026-11-20'::timestamp)")
    assert (oi_as_of(reader, YESTERDAY), oi_as_of(reader, 0)) == ({100}, {102})
    change("TRUNCATE archive.option_chain_snapshots")
    with filled.begin() as session:
        write_snapshot(session, snapshot(at(YESTERDAY), 9))
    assert oi_as_of(reader, YESTERDAY) == {9}


def test_a_table_that_was_put_aside_is_asked_no_more(
    reader: Connection, change: Callable[[str], None]
) -> None:
    for _ in range(12):
        assert oi_as_of(reader, 0) == {102}
    change(
        """
        CREATE SCHEMA aside;
        CREATE TABLE coming AS SELECT * FROM option_chain_snapshots;
        UPDATE coming SET oi = oi + 1000;
        ALTER TABLE option_chain_snapshots SET SCHEMA aside;
        ALTER TABLE coming RENAME TO option_chain_snapshots;
        """
    )
    assert [oi_as_of(reader, 0) for _ in range(3)] == [{1102}] * 3


def test_in_a_transaction_a_chunk_that_has_gone_does_no_harm(
    reader: Connection, change: Callable[[str], None]
) -> None:
    change("SELECT drop_chunks('option_chain_snapshots', '2026-11-20'::timestamp)")
    reader.rollback()
    whole = reader.execution_options(isolation_level="REPEATABLE READ")
    assert oi_as_of(whole, YESTERDAY) == set()
    assert oi_as_of(whole, 0) == {102}


def test_the_dashboards_account_asks_chunks_too(
    filled: Engine, server: DatabaseServer, database: URL, asked: Asked
) -> None:
    reads = engine_for(server.as_member(WEB, database), read_only=True)
    with filled.begin() as session:
        # a chunk that was made after its rights
        write_snapshot(session, snapshot(at(24 * 60), 300))
    with reads.connect() as connection:
        for _ in range(2):
            assert [oi_as_of(connection, n) for n in (0, 24 * 60)] == [{102}, {300}]
    reads.dispose()
    assert asked.names[-2:] == ["chain.chain_as_of"] * 2


def test_a_chunk_in_the_columnstore_is_whole_with_what_came_since(
    reader: Connection, filled: Engine, server: DatabaseServer, change: Callable[[str], None]
) -> None:
    if server.edition == "apache":
        pytest.skip("the Apache edition has no columnstore")
    compress = "SELECT compress_chunk(c) FROM show_chunks('option_chain_snapshots') AS c"
    for _ in range(12):
        assert oi_as_of(reader, YESTERDAY) == {100}
    change(compress)
    for _ in range(12):
        assert [oi_as_of(reader, n) for n in (YESTERDAY, 1)] == [{100}, {103}]
    with filled.begin() as session:
        write_snapshot(session, snapshot(at(1.5), 7))
        write_snapshot(session, snapshot(at(1), 5))
    for _ in range(12):
        assert [oi_as_of(reader, n) for n in (0, 1, 2, 1.7)] == [{102}, {5}, {104}, {7}]
    change("SELECT decompress_chunk(c, true) FROM show_chunks('option_chain_snapshots') AS c")
    assert [oi_as_of(reader, n) for n in (0, 1, 2, 1.7)] == [{102}, {5}, {104}, {7}]
