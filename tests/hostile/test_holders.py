"""Who keeps a table is named, with what it does."""

import pytest
from sqlalchemy import URL

from db import convert, migrate
from db.ahead import HostileDatabaseError
from db.convert import BusyError, facts, request
from db.convert.session import connect, with_lock
from db.schema import metadata as wanted
from tests.support.databases import connection


def test_the_holder_of_a_lock_is_named_by_process_and_statement(hostile: URL) -> None:
    with connection(hostile) as holder, connect(hostile) as session, holder.transaction():
        holder.execute("LOCK TABLE option_chain_snapshots IN SHARE MODE")
        lock = "LOCK TABLE option_chain_snapshots IN ACCESS EXCLUSIVE MODE"
        with pytest.raises(BusyError) as raised:
            with_lock(session, lambda: session.execute(lock), patience_s=0)
        assert f"server process {holder.info.backend_pid} of" in str(raised.value)
        assert "LOCK TABLE option_chain_snapshots IN SHARE MODE" in str(raised.value)


def test_a_table_referred_to_is_waited_for_in_front_of_nobody(
    hostile: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A foreign key of the new table, and of each of its chunks, locks what it refers to."""
    with connection(hostile) as session:
        session.execute(
            """
            CREATE TABLE venues (name text PRIMARY KEY);
            INSERT INTO venues SELECT DISTINCT exchange FROM option_chain_snapshots;
            ALTER TABLE option_chain_snapshots ADD FOREIGN KEY (exchange) REFERENCES venues
            """
        )
    with connect(hostile) as session:
        asked = request.from_declaration(wanted, facts.named(session, "option_chain_snapshots"))
    monkeypatch.setitem(with_lock.__kwdefaults__, "patience_s", 0.2)
    with connection(hostile) as writer, writer.transaction():
        writer.execute("LOCK TABLE venues IN ROW EXCLUSIVE MODE")
        with pytest.raises(BusyError, match=f"server process {writer.info.backend_pid} of"):
            convert.run(hostile, asked)
    monkeypatch.undo()
    assert convert.run(hostile, asked).phase == "swapped"


def test_a_prepared_transaction_is_named_with_what_ends_it(hostile: URL) -> None:
    with connection(hostile) as session:
        (allowed,) = session.execute(
            "SELECT current_setting('max_prepared_transactions')::int"
        ).fetchone() or (0,)
        if not allowed:
            pytest.skip("the server allows no prepared transaction")
        session.execute("BEGIN")
        session.execute("UPDATE option_chain_snapshots SET oi = oi WHERE id = 1")
        session.execute("PREPARE TRANSACTION 'left over'")
        try:
            with pytest.raises(HostileDatabaseError) as raised:
                migrate.upgrade(hostile)
            with connect(hostile) as own:
                lock = "LOCK TABLE option_chain_snapshots IN SHARE MODE"
                with pytest.raises(BusyError, match="the prepared transaction 'left over' on"):
                    with_lock(own, lambda: own.execute(lock), patience_s=0)
        finally:
            session.execute("ROLLBACK PREPARED 'left over'")
    assert (
        "The prepared transaction 'left over' holds a lock on it: COMMIT PREPARED 'left over' or "
        "ROLLBACK PREPARED 'left over'"
    ) in str(raised.value)
