"""Connections are bounded, say who they are, and fail in one way."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import URL, Engine, make_url, text
from sqlalchemy.exc import DataError, DBAPIError

from db import engine as engines
from db.errors import DatabaseUnavailableError
from db.once import once
from db.queries import summary
from db.settings import Settings
from tests.support.databases import connection
from tests.support.paths import ROOT

SETTINGS = Settings(
    pool_size=1, pool_overflow=1, pool_wait_s=0.1, statement_timeout_s=1, connect_timeout_s=2
)


PREPARED = text(
    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%chain_summary%'"
)

Make = Callable[..., Engine]


@pytest.fixture
def make() -> Iterator[Make]:
    """Engines with narrow limits, disposed of at the end."""
    made: list[Engine] = []

    def make_one(url: URL, **options: object) -> Engine:
        made.append(engines.engine_for(url, settings=SETTINGS, **options))
        return made[-1]

    yield make_one
    for engine in made:
        engine.dispose()


def shown(session, name: str) -> str:
    return session.scalar(text("SELECT current_setting(:name)"), {"name": name})


def test_every_connection_carries_its_limits(make: Make, empty_database: URL) -> None:
    with make(empty_database).connect() as session:
        assert shown(session, "application_name") == "oi-gemini"
        assert shown(session, "plan_cache_mode") == "force_custom_plan"
        assert shown(session, "statement_timeout") == "1s"
        assert shown(session, "idle_in_transaction_session_timeout") == "30s"


def test_what_a_reader_has_prepared_outlives_a_snapshot_for_several_reads(
    make: Make, database: URL
) -> None:
    made = make(database, read_only=True)

    for _ in range(8):
        with made.connect() as session:
            session.execution_options(isolation_level="REPEATABLE READ")
            summary.summary(session, "NSE")
    with made.connect() as session:
        assert session.scalar(PREPARED) == 1


@pytest.mark.parametrize("isolation", ["AUTOCOMMIT", "REPEATABLE READ"])
def test_a_reader_goes_on_when_what_it_has_prepared_gives_other_columns(
    make: Make, database: URL, isolation: str
) -> None:
    made, asked = make(database, read_only=True), text("SELECT * FROM mark")

    def read() -> list[object]:
        with made.connect() as session:
            session.execution_options(isolation_level=isolation)
            return [row[0] for row in session.execute(asked)]

    with connection(database) as owner:
        owner.execute("CREATE TABLE mark (value int); INSERT INTO mark VALUES (1)")
        assert [read() for _ in range(8)] == [[1]] * 8
        owner.execute("ALTER TABLE mark ALTER value TYPE text")
    with pytest.raises(DBAPIError, match="must not change result type"):
        read()
    assert read() == ["1"]


def test_a_reading_engine_cannot_write(make: Make, empty_database: URL) -> None:
    made = make(empty_database, read_only=True)
    with made.connect() as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(text("CREATE TABLE mark (id int)"))


def test_a_reading_engine_keeps_the_plan_of_a_key_lookup(make: Make, database: URL) -> None:
    kept = text("SELECT sum(generic_plans) FROM pg_prepared_statements")
    with make(database, read_only=True).connect() as session:
        for _ in range(30):
            summary.summary(session, "NSE")
        assert session.scalar(kept) > 0


def test_a_reading_engine_gives_one_snapshot_to_who_asks_for_it(make: Make, database: URL) -> None:
    taken = text("SELECT pg_current_snapshot()::text, pg_current_xact_id_if_assigned() IS NULL")
    with make(database, read_only=True).connect() as session:
        session.execution_options(isolation_level="REPEATABLE READ")
        summary.summary(session, "NSE")
        seen = session.execute(taken).one()
        with make(database).begin() as writer:
            writer.execute(text("SELECT pg_current_xact_id()"))
        assert session.execute(taken).one() == seen


def test_a_statement_that_takes_too_long_is_stopped(make: Make, empty_database: URL) -> None:
    with (
        make(empty_database).connect() as session,
        pytest.raises(DBAPIError, match="statement timeout"),
    ):
        session.execute(text("SELECT pg_sleep(20)"))


def test_more_callers_than_connections_is_an_unavailable_database(
    make: Make, empty_database: URL
) -> None:
    made = make(empty_database)
    with (
        engines.connected(made),
        engines.connected(made),
        pytest.raises(
            DatabaseUnavailableError, match=r"No database connection became free within 0\.1 s"
        ),
        engines.connected(made),
    ):
        pytest.fail("a third connection was handed out")


def test_the_connections_that_are_kept_are_opened_ahead(make: Make, empty_database: URL) -> None:
    made = make(empty_database)
    engines.warm(made)
    assert (made.pool.checkedin(), made.pool.checkedout()) == (1, 0)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/nothing",
        "postgresql://nobody@host.invalid/nothing",
    ],
)
def test_a_server_that_is_not_there_is_an_unavailable_database(make: Make, url: str) -> None:
    made = make(make_url(url))
    with (
        pytest.raises(DatabaseUnavailableError, match=r"^The database does not answer: .+\.$"),
        made.connect(),
    ):
        pytest.fail("connected")


def test_a_database_that_is_not_there_is_an_unavailable_database(
    make: Make, empty_database: URL
) -> None:
    made = make(empty_database.set(database="no_such"))
    with pytest.raises(DatabaseUnavailableError), made.connect():
        pytest.fail("connected")


def test_a_connection_that_died_in_the_pool_is_replaced(make: Make, empty_database: URL) -> None:
    made = make(empty_database)
    with made.connect() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with connection(empty_database) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with made.connect() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != pid


def test_a_connection_that_dies_in_use_is_an_unavailable_database(
    make: Make, empty_database: URL
) -> None:
    made = make(empty_database)
    with made.connect() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        with connection(empty_database) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(DatabaseUnavailableError):
            session.execute(text("SELECT 1"))


def test_an_error_of_the_statement_stays_what_it_is(make: Make, empty_database: URL) -> None:
    made = make(empty_database)
    with made.connect() as session, pytest.raises(DataError):
        session.execute(text("SELECT 1 / 0"))


def test_threads_that_make_their_first_engines_at_once_load_the_dialect_once() -> None:
    loaded = "import sys, db.engine; print('sqlalchemy.dialects.postgresql.psycopg' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


def test_what_comes_back_to_an_engine_that_was_given_up_is_closed(
    make: Make, empty_database: URL
) -> None:
    made = make(empty_database)
    held = made.connect()
    link = held.connection.dbapi_connection
    made.dispose()
    assert shown(held, "application_name") == "oi-gemini"
    held.close()
    assert link.closed
    with made.connect() as session:
        assert shown(session, "application_name") == "oi-gemini"


def test_threads_that_want_a_thing_at_once_get_the_same() -> None:
    many, made = 8, []
    together = threading.Barrier(many)

    @once
    def thing(*, read_only: bool = False) -> object:
        made.append(read_only)
        # whoever else may make one does it now
        time.sleep(0.05)
        return object()

    def want(_number: int) -> object:
        together.wait()
        return thing()

    with ThreadPoolExecutor(many) as threads:
        found = set(threads.map(want, range(many)))
    assert (len(found), made) == (1, [False])
    assert thing(read_only=True) not in found
    thing.cache_clear()
    assert thing() not in found
