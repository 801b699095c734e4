"""What a snapshot costs: by function, and at full width, in a database of its own."""

import os

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.snapshots import live_snapshots
from benchmarks.dataset.spec import newest_end
from benchmarks.parts.full_width import full_width
from benchmarks.parts.ingest import _row_by_row
from benchmarks.parts.shares import shares
from benchmarks.server.databases import session
from benchmarks.server.work import cpu_ms
from db.market.clock import market_now

SPEC = DatasetSpec(days=1, strikes=5, cadence_s=30, end=newest_end(market_now().date()))
TRACKED = "SELECT current_setting('track_functions')"


def test_functions_are_counted_by_instant_and_no_longer(database):
    # a bystander stays in the database all the while
    with session(database):
        counted = shares(database, _row_by_row, list(live_snapshots(SPEC, 3)))
    found = {each["function"]: each for each in counted}
    # four exchanges of ten contracts, a statement each; settled once an exchange
    assert found["live_edge.touch_inserted"]["calls"] == 40
    assert found["live_edge.flush"]["calls"] == 4
    flush = found["live_edge.flush"]
    assert 0 < flush["self_ms"] < flush["total_ms"]
    with session(database) as after:
        assert after.execute(TRACKED).fetchone() == ("none",)


def test_full_chains_are_stored_and_then_shown(database):
    found = full_width(database, SPEC, after=0)
    assert found["contracts"] > 800
    assert found["snapshot_ms"]["count"] == found["edge_ms"]["count"] == 20
    assert found["edge_share"] == found["edge_ms"]["p50_ms"] / 1000
    with session(database) as after:
        [shown, stored] = after.execute(
            """
            SELECT
                (SELECT max("timestamp") FROM chain_summary),
                (SELECT max("timestamp") FROM option_chain_snapshots)
            """
        ).fetchone()
    assert shown > stored


def test_what_others_use_of_the_cpu_is_counted_and_not_what_asks(database):
    with session(database) as watching, session(database) as working:
        before = cpu_ms(watching)
        watching.execute("SELECT sum(n) FROM generate_series(1, 300000) AS n")
        meanwhile = cpu_ms(watching)
        working.execute("SELECT sum(n) FROM generate_series(1, 300000) AS n")
        after = cpu_ms(watching)
    if before is not None:
        assert meanwhile - before < after - meanwhile


def test_a_process_that_is_no_session_of_the_database_is_not_counted(database, monkeypatch):
    monkeypatch.setattr("benchmarks.server.work.sessions", lambda watching: {os.getpid()})
    with session(database) as watching:
        assert cpu_ms(watching) is None
