"""Faults on the whole system: the short form of `python -m benchmarks chaos`, and its judges."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import URL

from benchmarks.chaos.committed import judged
from benchmarks.chaos.run import chaos_on
from benchmarks.chaos.truth import is_true, legs_at, near_the_money
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


def test_what_is_lost_doubled_or_kept_in_spite_of_a_refusal_is_counted(database: URL) -> None:
    engine = engine_for(database)
    with engine.begin() as session:
        for second in (0, 1):
            write_snapshot(session, a_snapshot("NSE", AT + timedelta(seconds=second)))
    fill_all(engine, print)
    engine.dispose()
    seen = {("NSE", (AT + timedelta(seconds=n)).replace(tzinfo=None)) for n in (0, 8)}
    with connection(database) as session:
        session.execute(
            """
            INSERT INTO paper_orders (id, owner, key, kind, asked, status)
            OVERRIDING SYSTEM VALUE
            VALUES (1, 'bench', 'refused', 'order', '{}', 'filled')
            """
        )
        keys = {"confirmed": {"never came"}, "refused": {"refused"}}
        found = judged(session, seen, 2, keys)
    # of the second, nothing is there; the first is no chain of the simulated market
    assert found["rows_lost"] >= len(legs_at("NSE", AT + timedelta(seconds=8)))
    assert found["chains_wrong"] == 2
    assert found["marks_doubled"] == 1
    assert (found["orders_lost"], found["orders_kept_though_refused"]) == (1, 1)
