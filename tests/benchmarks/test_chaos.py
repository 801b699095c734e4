"""Faults on the whole system: the short form of `python -m benchmarks chaos`, and its judges."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from benchmarks.chaos.clock import Clock, clock_library
from benchmarks.chaos.committed import Watched, judged
from benchmarks.chaos.run import chaos_on, demand_known
from benchmarks.chaos.truth import is_true, legs_at, near_the_money
from benchmarks.errors import BenchmarkError
from benchmarks.report import results, sections_of
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.clock import IST
from db.timescale.maintenance import fill_all
from tests.support.databases import connection
from tests.support.homes import programs  # noqa: F401 - a fixture
from tests.web.conftest import a_snapshot

AT = datetime(2026, 8, 3, 11, 0, tzinfo=IST)
# one of each kind; the long form lets all happen in an order of chance
SHORT = ("a collector killed", "network cut", "database killed")
NONE_OF = (
    *("rows_lost", "rows_doubled", "marks_doubled", "rollups_wrong", "wrong_answers"),
    *("wrong_ages", "orders_lost", "orders_doubled", "orders_kept_though_refused"),
    *("features_lost", "features_doubled", "archive_wrong", "alerts_doubled"),
)


@pytest.mark.usefixtures("programs")
def test_nothing_is_lost_doubled_or_told_wrong_whatever_is_killed() -> None:
    result = results.start("chaos", "python -m benchmarks chaos")
    chaos_on(result, faults=len(SHORT), seed=3, only=SHORT)
    found = result.data
    assert {one["fault"] for one in found["each"]} == set(SHORT)
    assert found["faults"] == len(SHORT)
    assert {name: found[name] for name in NONE_OF} == dict.fromkeys(NONE_OF, 0), found
    assert found["snapshots"] >= found["snapshots_seen"] > 20
    assert found["answers"]["200"] > 20
    assert found["orders"] > 0
    # how long is a matter of the machine; that each was over is not
    assert found["recovery_max_s"] < 60
    results.finish(result)
    assert any("Faults" in section.title for section in sections_of(result.document()))


def test_the_market_is_known_at_every_moment() -> None:
    legs = legs_at("NSE", AT)
    assert is_true("NSE", AT, legs)
    # a mark holds the first state at or after it
    assert is_true("NSE", AT - timedelta(seconds=3), legs)
    contract = next(iter(legs))
    assert not is_true("NSE", AT, {**legs, contract: 1})
    assert near_the_money("NSE", AT).startswith("NIFTY")


def test_a_clock_is_set_for_what_runs_already_and_nothing_that_counts_time(tmp_path: Path) -> None:
    library = clock_library(tmp_path)
    if library is None:
        pytest.skip("no C compiler")
    clock = Clock(library, tmp_path / "clock")
    says = "import time\nwhile input(): print(time.time(), time.monotonic(), flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", says],
        env={**os.environ, **clock.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for ahead_s in (0, 3_600, -3_600):
            clock.set_ahead(ahead_s)
            program.stdin.write("say\n")
            program.stdin.flush()
            told, counted = map(float, program.stdout.readline().split())
            assert abs(told - time.time() - ahead_s) < 600
            assert abs(counted - time.monotonic()) < 600
        program.kill()


def test_when_a_state_was_taken_nobody_knows_that_saw_it_first_after_a_clock_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [0.0]
    monkeypatch.setattr("benchmarks.chaos.committed.time.monotonic", lambda: seconds[0])
    watched = Watched(AT.replace(tzinfo=None))
    taken = datetime.now(UTC)

    def see(sequence: int, ahead_s: float) -> None:
        seconds[0] += 1
        ahead = timedelta(seconds=ahead_s)
        watched._note([("NSE", sequence, taken + ahead, datetime.now(UTC) + ahead)])

    # the second one of the new clock may have been on its way when that was set
    seen = ((1, 0), (2, 0), (3, 0), (4, 0), (4, 60), (5, 60), (6, 60), (7, 60), (8, 0))
    for sequence, ahead_s in seen:
        see(sequence, ahead_s)
    assert {sequence for _, sequence in watched.shown_at} == {3, 4, 6, 7}
    for taken_at in watched.shown_at.values():
        assert abs((taken_at - taken).total_seconds()) < 30


def test_what_is_lost_doubled_or_kept_in_spite_of_a_refusal_is_counted(database: URL) -> None:
    engine = engine_for(database)
    with engine.begin() as session:
        for second in (0, 1):
            write_snapshot(session, a_snapshot("NSE", AT + timedelta(seconds=second)))
    fill_all(engine, print)
    engine.dispose()
    watched = Watched(AT.replace(tzinfo=None) - timedelta(minutes=1))
    watched.seen |= {("NSE", (AT + timedelta(seconds=n)).replace(tzinfo=None)) for n in (0, 8)}
    with connection(database) as session:
        session.execute(
            """
            INSERT INTO paper_orders (id, owner, key, kind, asked, status)
            OVERRIDING SYSTEM VALUE
            VALUES (1, 'bench', 'refused', 'order', '{}', 'filled')
            """
        )
        keys = {"confirmed": {"never came"}, "refused": {"refused"}}
        session.execute("DELETE FROM ml_features WHERE timestamp = %s", [AT.replace(tzinfo=None)])
        session.execute(
            """
            INSERT INTO alert_events
                (owner, alert_id, revision, exchange, kind, fired, sequence, message)
            SELECT 'bench', 1, n, 'NSE', 'pcr', true, 7, '' FROM generate_series(1, 2) AS n
            """
        )
        found = judged(session, watched, 2, keys, (1, 1, 0))
    # of the second, nothing is there; the first is no chain of the simulated market
    assert found["rows_lost"] >= len(legs_at("NSE", AT + timedelta(seconds=8)))
    assert found["chains_wrong"] == 2
    assert found["marks_doubled"] == 1
    assert (found["features_lost"], found["alerts_doubled"], found["archive_wrong"]) == (1, 1, 1)
    assert (found["orders_lost"], found["orders_kept_though_refused"]) == (1, 1)


def test_a_fault_that_there_is_not_is_named_with_those_that_there_are():
    with pytest.raises(BenchmarkError, match="no fault flood; known are cut, kill"):
        demand_known(("flood", "kill"), {"kill", "cut"})
    demand_known(("kill",), {"kill", "cut"})
