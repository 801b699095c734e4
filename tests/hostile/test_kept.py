"""What an upgrade goes through although nobody expected it: up, down, and nothing is different."""

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import URL

from db import convert, migrate
from db.baseline.tables import metadata
from db.convert import Phase, facts, request
from db.convert.session import connect
from db.schema import metadata as wanted
from tests.hostile.states import rows, schema
from tests.support.databases import DatabaseServer, connection
from tests.support.legacy import contents

CHAIN = "option_chain_snapshots"


def test_the_address_may_ask_for_another_role(server: DatabaseServer, hostile: URL) -> None:
    before = contents(hostile)
    role = server.role("owner")[0]
    with connection(server.admin_url) as session:
        session.execute(
            sql.SQL("GRANT {} TO {}").format(
                sql.Identifier(role), sql.Identifier(server.role("deputy")[0])
            )
        )
    deputy = server.url_of("deputy", hostile).update_query_dict({"options": f"-c role={role}"})
    migrate.upgrade(deputy)
    with connection(hostile) as session:
        owners = session.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'live_edge')"
        ).fetchall()
    assert owners == [(role,)]
    assert contents(hostile) == before


def test_writers_whose_role_is_replica_lose_nothing(admin: URL) -> None:
    with connect(admin) as session:
        asked = request.from_declaration(wanted, facts.named(session, CHAIN))
    with connection(admin) as writer:
        writer.execute("SET session_replication_role = replica")

        def write(progress: convert.Progress) -> None:
            if progress.phase == "indexing":
                writer.execute("UPDATE option_chain_snapshots SET oi = 7 WHERE strike = 25900")

        result = convert.run(admin, asked, on_progress=write)
        changed = writer.execute(
            "SELECT count(*) FROM option_chain_snapshots WHERE oi = 7"
        ).fetchone()
        written = writer.execute(
            "SELECT count(*) FROM oi_convert_old.option_chain_snapshots WHERE oi = 7"
        ).fetchone()
    assert result.phase is Phase.SWAPPED
    assert changed == written == (64,)


def test_a_row_without_a_finite_time_comes_back_when_it_was_let_go(hostile: URL) -> None:
    with connection(hostile) as session:
        session.execute(
            "INSERT INTO macro_signals (timestamp, exchange, usdinr) VALUES ('infinity', 'NSE', 9)"
        )
    before = legacy_rows(hostile)
    configuration = migrate.configuration(hostile)
    configuration.attributes["quarantine"] = "allow"
    command.upgrade(configuration, "head")
    with connection(hostile) as session:
        assert session.execute("SELECT count(*) FROM macro_signals").fetchone() == (1,)
    convert.finish(hostile, "macro_signals")
    migrate.downgrade(hostile, "base")
    assert legacy_rows(hostile) == before


def stop_0004(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before rows are compared; what came before is committed."""

    def stop(run: object) -> None:
        raise Stopped

    monkeypatch.setattr("db.convert.control._verify", stop)


def stop_0007(monkeypatch: pytest.MonkeyPatch) -> None:
    """While history is read into the live edge; its triggers are there."""

    def stop(operations: Any) -> None:
        with operations.get_context().autocommit_block():
            raise Stopped

    monkeypatch.setattr("db.ingest.fill.fill_live_edge", stop)


class Stopped(Exception):
    """A run that ends in the middle."""


@pytest.mark.parametrize("stop", [stop_0004, stop_0007])
def test_an_upgrade_that_was_stopped_can_go_down_and_up_again(
    hostile: URL, monkeypatch: pytest.MonkeyPatch, stop: Callable[..., None]
) -> None:
    before, defined = contents(hostile), legacy_schema(hostile)
    with monkeypatch.context() as patched:
        stop(patched)
        with pytest.raises(Stopped):
            migrate.upgrade(hostile)
    migrate.downgrade(hostile, "base")
    assert contents(hostile) == before
    assert legacy_schema(hostile) == defined
    migrate.upgrade(hostile)
    assert contents(hostile) == before


def legacy_rows(url: URL) -> dict[str, tuple[int, int]]:
    """Count and checksum of the old program's tables."""
    found = rows(url)
    return {name: found[f"public.{name}"] for name in metadata.tables}


def legacy_schema(url: URL) -> list[str]:
    """The dump of the old program's tables."""
    return schema(url, *(f"--table=public.{name}" for name in metadata.tables))


@pytest.mark.parametrize(
    "built",
    [
        "CREATE MATERIALIZED VIEW totals AS SELECT sum(oi) FROM option_chain_snapshots",
        "CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql "
        "BEGIN ATOMIC SELECT count(*) FROM option_chain_snapshots; END",
    ],
)
def test_going_back_drops_nothing_that_was_built_since(hostile: URL, built: str) -> None:
    with connect(hostile) as session:
        asked = request.from_declaration(wanted, facts.named(session, CHAIN))
    convert.run(hostile, asked)
    with connection(hostile) as session:
        session.execute(built)
    before = schema(hostile)
    with pytest.raises(convert.BlockedError, match="carries what the old table does not know"):
        convert.undo(hostile, CHAIN)
    assert schema(hostile) == before


def test_finishing_drops_nothing_that_reads_the_replaced_table(hostile: URL) -> None:
    with connect(hostile) as session:
        asked = request.from_declaration(wanted, facts.named(session, CHAIN))
    convert.run(hostile, asked)
    with connection(hostile) as session:
        session.execute(
            "CREATE VIEW audit AS SELECT count(*) FROM oi_convert_old.option_chain_snapshots"
        )
    with pytest.raises(convert.ConversionError, match="view audit depends on table"):
        convert.finish(hostile, CHAIN)
    with connection(hostile) as session:
        assert session.execute("SELECT count(*) > 0 FROM audit").fetchone() is not None
        session.execute("DROP VIEW audit")
