"""What is changed about a table while it is converted is carried along or stops the swap."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import URL

from db import convert
from db.convert import facts, request, swap
from db.convert.session import connect
from db.schema import metadata as wanted
from db.timescale.converter import Conversion
from tests.support.databases import connection

CHAIN = "option_chain_snapshots"
STOPS = {
    "columns": "ALTER TABLE option_chain_snapshots ADD COLUMN mine int",
    "constraints": "ALTER TABLE option_chain_snapshots ADD CHECK (strike > 0)",
    "indexes": "CREATE INDEX mine ON option_chain_snapshots (symbol)",
    "owner, grants and options": "GRANT SELECT ON option_chain_snapshots TO PUBLIC",
    "rules and policies": "CREATE POLICY mine ON option_chain_snapshots USING (true)",
}


def asked(url: URL) -> Conversion:
    with connect(url) as session:
        return request.from_declaration(wanted, facts.named(session, CHAIN))


def during(url: URL, statement: str) -> Callable[[convert.Progress], None]:
    """Runs a statement once, while the new table is filled and indexed."""
    left = [statement]

    def act(progress: convert.Progress) -> None:
        if progress.phase == "indexing" and left:
            with connection(url) as session:
                session.execute(left.pop())

    return act


def test_what_the_new_table_was_made_after_stops_the_swap(hostile: URL) -> None:
    """One run for all of it: each is named."""
    wanted_parts = asked(hostile)
    with pytest.raises(convert.BlockedError) as raised:
        convert.run(hostile, wanted_parts, on_progress=during(hostile, "; ".join(STOPS.values())))
    said = str(raised.value)
    assert f"The {', '.join(sorted(STOPS))} of public.{CHAIN} were changed" in said
    convert.undo(hostile, CHAIN)
    with connection(hostile) as session:
        session.execute("DROP POLICY mine ON option_chain_snapshots")
        session.execute("ALTER TABLE option_chain_snapshots DROP COLUMN mine")
    assert convert.run(hostile, asked(hostile)).phase == "swapped"


def test_what_comes_under_the_lock_is_seen_there(
    hostile: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view made between the preparation and the lock is read anew, not left on the old table."""
    left = ["CREATE VIEW late AS SELECT count(*) AS n FROM option_chain_snapshots"]
    prepared = swap._forward

    def then_changed(*given: Any) -> Any:
        move = prepared(*given)
        if left:
            with connection(hostile) as session:
                session.execute(left.pop())
        return move

    monkeypatch.setattr(swap, "_forward", then_changed)
    convert.run(hostile, asked(hostile))
    with connection(hostile) as session:
        before = session.execute("SELECT n FROM late").fetchone()
        session.execute("DELETE FROM option_chain_snapshots WHERE exchange = 'NSE'")
        after = session.execute("SELECT n FROM late").fetchone()
    assert before == (320,)
    assert after == (160,)
