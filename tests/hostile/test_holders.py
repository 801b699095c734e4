"""Who keeps a table is named, with what it does."""

import pytest
from sqlalchemy import URL

from db.convert import BusyError
from db.convert.session import connect, with_lock
from tests.support.databases import connection


def test_the_holder_of_a_lock_is_named_by_process_and_statement(hostile: URL) -> None:
    with connection(hostile) as holder, connect(hostile) as session, holder.transaction():
        holder.execute("LOCK TABLE option_chain_snapshots IN SHARE MODE")
        lock = "LOCK TABLE option_chain_snapshots IN ACCESS EXCLUSIVE MODE"
        with pytest.raises(BusyError) as raised:
            with_lock(session, lambda: session.execute(lock), patience_s=0)
        assert f"server process {holder.info.backend_pid} of" in str(raised.value)
        assert "LOCK TABLE option_chain_snapshots IN SHARE MODE" in str(raised.value)
