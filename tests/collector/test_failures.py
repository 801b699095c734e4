"""What passes by itself discards nothing; what is the data's own fault is left out and counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from app.collector.failures import may_pass, raise_if_not_migrated, reason
from db.engine import engine_for
from db.errors import DatabaseUnavailableError, DiskFullError, NotMigratedError
from tests.collector.chains import AT, chain, minutes
from tests.collector.feeds import SteeredFeed
from tests.collector.running import Running, stored
from tests.support.databases import connection

PASSING = (
    *("08006", "25006", "25P03", "28P01", "3D000", "40001", "40P01", "42501", "53100", "53200"),
    *("53300", "55P03", "57014", "57P01", "57P03", "58030"),
)
FOR_GOOD = ("22003", "22P05", "23502", "23505", "23514", "P0001", "0A000", "21000")


def error(state: str) -> DBAPIError:
    """As SQLAlchemy raises an error of the server."""
    original = psycopg.errors.lookup(state)("said the server\nCONTEXT: a statement")
    wrapped = DBAPIError.instance("a statement", None, original, psycopg.Error)
    assert isinstance(wrapped, DBAPIError)
    return wrapped


@pytest.mark.parametrize("state", PASSING)
def test_an_error_of_the_servers_state_may_pass(state: str) -> None:
    assert may_pass(error(state))


@pytest.mark.parametrize("state", FOR_GOOD)
def test_an_error_of_the_data_does_not_pass(state: str) -> None:
    assert not may_pass(error(state))
    assert reason(error(state)) == "said the server"


def test_what_has_no_code_is_a_connection_that_is_gone_or_a_mistake_of_ours() -> None:
    assert may_pass(DatabaseUnavailableError("away"))
    assert may_pass(DiskFullError("full"))
    assert may_pass(psycopg.OperationalError("consuming input failed"))
    assert may_pass(psycopg.InterfaceError("the connection is closed"))
    assert not may_pass(TypeError("no binary form"))
    assert reason(TypeError("no binary form")) == "TypeError: no binary form"


@pytest.mark.parametrize("state", ["42P01", "42703", "42883", "3F000"])
def test_what_is_not_there_is_another_schema(state: str) -> None:
    with pytest.raises(NotMigratedError, match="alembic upgrade head"):
        raise_if_not_migrated(error(state))


@contextmanager
def failing_with(database: URL, state: str) -> Iterator[None]:
    """A server that answers every write with an error of that code."""
    with connection(database) as owner:
        owner.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION 'it is so' USING ERRCODE = '{state}'; END $$"
        )
        owner.execute(
            "CREATE TRIGGER failing BEFORE INSERT ON option_chain_snapshots"
            " FOR EACH STATEMENT EXECUTE FUNCTION fail()"
        )
    yield
    with connection(database) as owner:
        owner.execute("DROP TRIGGER failing ON option_chain_snapshots")


@pytest.mark.parametrize("state", ["25006", "40P01", "53100", "55P03"])
def test_nothing_is_discarded_while_writes_fail_for_the_servers_sake(
    engine: Engine, database: URL, tmp_path: Path, state: str
) -> None:
    feed, marks = SteeredFeed(), [AT + minutes(0.5 * n) for n in range(4)]
    own = engine_for(engine.url)
    running = Running(own, feed, tmp_path)
    with failing_with(database, state):
        for mark in marks:
            feed.hand(chain(mark))
        running.until(lambda: running.counts.spooled == 4)
    running.until(lambda: running.counts.snapshots == 4)
    counts = running.stop()
    own.dispose()
    assert stored(engine) == [mark.replace(tzinfo=None) for mark in marks]
    assert (counts.refused.total(), counts.lost_connections, counts.waiting) == (0, 1, 0)


def test_a_chain_the_server_refuses_for_the_datas_sake_holds_up_no_other(
    engine: Engine, database: URL, tmp_path: Path
) -> None:
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    with failing_with(database, "22003"):
        feed.hand(chain(AT))
        running.until(lambda: running.counts.refused.total() == 1)
    feed.hand(chain(AT + minutes(0.5)))
    running.until(lambda: running.counts.snapshots == 1)
    counts = running.stop()
    assert counts.refused == {"it is so": 1}
    assert (counts.spooled, counts.lost_connections) == (0, 0)


def test_a_chain_that_cannot_be_encoded_holds_up_no_other(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.ingest import live

    def encoded(options: object) -> Iterator[bytes]:
        monkeypatch.undo()
        raise TypeError("no binary form is known")

    monkeypatch.setattr(live, "encoded_edge", encoded)
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    feed.hand(chain(AT))
    running.until(lambda: running.counts.refused.total() == 1)
    feed.hand(chain(AT + minutes(0.5)))
    running.until(lambda: running.counts.snapshots == 1)
    assert running.stop().refused == {"TypeError: no binary form is known": 1}


def test_a_database_that_loses_its_schema_ends_the_run_in_one_sentence(
    engine: Engine, database: URL, tmp_path: Path
) -> None:
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    feed.hand(chain(AT))
    running.until(lambda: running.counts.snapshots == 1)
    with connection(database) as owner:
        owner.execute("ALTER TABLE option_chain_latest RENAME TO elsewhere")
    feed.hand(chain(AT + minutes(0.5)))
    with pytest.raises(AssertionError, match="NotMigratedError"):
        running.until(lambda: False)
    assert isinstance(running.failure, NotMigratedError)
    assert len(list(tmp_path.glob("*.npz"))) == 1, "what it could not write waits for the next"
