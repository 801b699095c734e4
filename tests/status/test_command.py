"""`python -m db status` on a migrated database and on one that is not."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db.cli.status import command
from tests.support.databases import DatabaseServer


@pytest.fixture
def status(monkeypatch: pytest.MonkeyPatch):
    """Runs the command against a database."""

    def run(url: URL, *arguments: str):
        engine = create_engine(url, poolclass=NullPool)
        monkeypatch.setattr("db.engine.direct_engine", lambda **_: engine)
        return CliRunner().invoke(command, arguments, catch_exceptions=False)

    return run


def test_a_migrated_database_is_shown_in_full(
    status, database: URL, server: DatabaseServer
) -> None:
    shown = json.loads(status(database, "--json").stdout)

    assert shown["server"]["edition"].lower() == server.edition
    assert shown["server"]["timescaledb_version"] == server.timescaledb_version
    assert shown["server"]["time_zone"] == "Asia/Kolkata"
    assert "public.option_chain_snapshots" in {table["name"] for table in shown["hypertables"]}
    assert {rollup["native"] for rollup in shown["rollups"]} == {server.edition == "community"}
    assert "oi_1m" in {rollup["name"] for rollup in shown["rollups"]}
    targets = {policy["target"] for policy in shown["policies"]}
    assert "public.oi_1m" in targets
    schema = [f for f in shown["findings"] if f["subject"] in ("schema", "time zone")]
    assert schema == []
    columnstore_skipped = any(skip["feature"] == "columnstore" for skip in shown["skipped"])
    assert columnstore_skipped is (server.edition == "apache")


def test_the_text_names_every_part(status, database: URL) -> None:
    text = status(database).stdout

    for word in ("hypertable", "rollup", "policy", "revision", "oi_5m"):
        assert word in text


def test_a_database_without_the_extension_is_red(status, plain_database: URL) -> None:
    result = status(plain_database)

    assert result.exit_code == 1
    assert "CREATE EXTENSION timescaledb" in result.stdout


def test_a_database_never_migrated_is_red(status, empty_database: URL) -> None:
    result = status(empty_database)

    assert result.exit_code == 1
    assert "alembic upgrade head" in result.stdout
