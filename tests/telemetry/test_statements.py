"""Statements are timed by name, with their rows; of no statement is the text told."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.telemetry import statements, timing
from app.telemetry.timing import Operation
from db.engine import connected
from db.errors import DatabaseUnavailableError, NotStoredError
from db.ingest.leases import acquire
from db.queries.feeds import feed_states
from db.queries.plans import generic_plan, known_statements
from db.watched import pools


@pytest.fixture
def heard() -> Iterator[list[Operation]]:
    found: list[Operation] = []
    ends = [timing.listen(found.append), statements.follow()]
    yield found
    for end in ends:
        end()


def names(heard: list[Operation]) -> list[str]:
    return [each.name for each in heard if each.kind == "query"]


def test_reads_writes_and_waits_are_told_of(engine: Engine, heard: list[Operation]) -> None:
    with connected(engine) as connection, connection.begin():
        feed_states(connection)
        acquire(connection, "NSE", "me")
    assert names(heard) == ["feeds.feed_states", "ingest.leases.renew", "ingest.leases.take"]
    assert heard[0].kind == "pool"
    read = next(each for each in heard if each.name == "feeds.feed_states")
    assert (read.size, read.failed) == (0, False)


def test_a_statement_without_a_name_is_told_by_what_it_does(
    engine: Engine, heard: list[Operation]
) -> None:
    with connected(engine) as connection:
        connection.execute(text("SELECT 'secret' AS value"))
    assert names(heard) == ["unnamed select"]


def test_what_fails_is_told_as_failed(engine: Engine, heard: list[Operation]) -> None:
    with connected(engine) as connection, pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1 / 0 AS value"))
    assert [each.failed for each in heard if each.kind == "query"] == [True]
    engine.dispose()
    away = engine.url.set(port=1)
    from db.engine import engine_for

    nowhere = engine_for(away)
    with pytest.raises(DatabaseUnavailableError), connected(nowhere):
        pass
    nowhere.dispose()
    assert [each.failed for each in heard if each.kind == "pool"] == [False, True]


def test_pools_tell_what_is_in_use(engine: Engine) -> None:
    before = {pool.name: pool.used for pool in pools()}.get("write", 0)
    with connected(engine) as connection:
        connection.execute(text("SELECT 1 AS one"))
        assert {pool.name: pool.used for pool in pools()}["write"] == before + 1


def test_statements_have_plans_without_values_or_say_why_not(engine: Engine) -> None:
    planned, refused = [], []
    for name in sorted(known_statements()):
        with connected(engine) as connection:
            try:
                assert "cost=" in "\n".join(generic_plan(connection, name)), name
                planned.append(name)
            except NotStoredError as error:
                refused.append(str(error))
    assert all("with its values alone" in sentence for sentence in refused)
    assert len(planned) > 10 * len(refused)
    assert {"chain.latest_chain", "features.frame", "performance.latest"} <= set(planned)


def test_a_statement_that_is_not_there_has_none(engine: Engine) -> None:
    with connected(engine) as connection:
        for name in ("nothing.here", "chain", "", "../chain.latest", "chain.latest; SELECT 1"):
            with pytest.raises(NotStoredError):
                generic_plan(connection, name)
