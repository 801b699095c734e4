"""The databases the fixtures hand out are what they promise."""

import pytest
from sqlalchemy import URL

from tests.support.databases import DatabaseServer, connection


def extensions(url: URL) -> set[str]:
    with connection(url) as session:
        return {name for (name,) in session.execute("SELECT extname FROM pg_extension")}


def test_a_plain_database_has_no_extension(plain_database: URL) -> None:
    assert "timescaledb" not in extensions(plain_database)


def test_an_empty_database_has_the_extension(empty_database: URL, server: DatabaseServer) -> None:
    assert "timescaledb" in extensions(empty_database)
    assert server.edition in {"apache", "community"}


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_one_test_leaves_the_next_does_not_see(empty_database: URL, attempt: int) -> None:
    with connection(empty_database) as session:
        session.execute("CREATE TABLE left_behind (attempt int)")


def test_a_template_is_cloned_while_background_workers_run(server: DatabaseServer) -> None:
    with server.database("extension") as first, server.database("extension") as second:
        assert first.database != second.database
        for url in (first, second):
            with connection(url) as session:
                session.execute("SELECT _timescaledb_functions.start_background_workers()")


def test_settings_of_the_migrated_database_are_cloned_with_it(database: URL) -> None:
    with connection(database) as session:
        assert session.execute("SHOW timezone").fetchone() == ("Asia/Kolkata",)
