"""What a snapshot costs: by function, and at full width, in a database of its own."""

import os

from benchmarks.dataset import DatasetSpec
from benchmarks.dataset.filled import bare_copy, legacy_database
from benchmarks.dataset.snapshots import live_snapshots
from benchmarks.dataset.spec import newest_end
from benchmarks.parts.full_width import full_width
from benchmarks.parts.ingest import in_turn
from benchmarks.parts.shares import shares
from benchmarks.parts.writers import row_by_row, unprepared
from benchmarks.server.databases import BenchmarkServer, session
from benchmarks.server.work import cpu_ms
from db.market.clock import market_now

SPEC = DatasetSpec(days=1, strikes=5, cadence_s=30, end=newest_end(market_now().date()))
OF_BARE = """
    SELECT
        (SELECT count(*) FROM show_chunks('option_chain_snapshots')),
        (
            SELECT count(*)
            FROM pg_trigger
            WHERE tgrelid = 'option_chain_snapshots'::regclass
                AND NOT tgisinternal
                AND tgname <> 'ts_insert_blocker'
        ),
        (SELECT count(*) FROM option_chain_snapshots)
"""
TRACKED = "SELECT current_setting('track_functions')"


def test_functions_are_counted_by_instant_and_no_longer(database):
    # a bystander stays in the database all the while
    with session(database):
        counted = shares(database, row_by_row, list(live_snapshots(SPEC, 3)))
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


def test_a_bare_hypertable_stores_what_the_other_tables_do_and_nothing_beside(server):
    benchmarked = BenchmarkServer(server.admin_url)
    instants = list(live_snapshots(SPEC, 3))
    with (
        legacy_database(benchmarked, SPEC) as (legacy, _),
        bare_copy(benchmarked, legacy) as bare,
        session(bare) as inside,
    ):
        tables = {"legacy tables": legacy, "bare hypertable": bare}
        stored = in_turn("a statement a row", row_by_row, tables, instants)
        chunks, triggers, rows = inside.execute(OF_BARE).fetchone()
        for measured in stored.values():
            # the first opens the day's chunk and stands by itself
            assert measured["count"] == 2
            assert measured["first_ms"] > 0
    assert list(stored) == [f"a statement a row, {name}" for name in tables]
    # what was stored is taken out again; the history is in its chunk, beside that of the instants
    assert (chunks, triggers, rows) == (2, 0, SPEC.rows)


def test_statements_are_sent_as_by_the_old_programs_driver_which_prepares_none(database):
    with unprepared(database) as asking:
        for _ in range(8):
            asking.execute("SELECT count(*) FROM option_chain_snapshots WHERE oi = %s", [1])
        prepared = asking.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert prepared == (0,)
