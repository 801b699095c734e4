"""Changes of OI are computed once: by the writer that remembers, else by the database."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from db.ingest import write_live_edge, write_snapshot
from db.ingest.statements import statement
from db.market.ticks import EnrichedSnapshot
from db.queries.chain import LatestOption, chain_at, latest_chain
from db.queries.summary import summary
from tests.ingest.writers import save, write
from tests.support.chains import at, snapshot

GIVEN: Mapping[str, object] = {
    **{f"pct_change_{minutes}m": 1.5 * minutes for minutes in (3, 5, 10, 15, 30)},
    **{f"oi_change_{minutes}m": 7 * minutes for minutes in (3, 5, 10, 15, 30)},
}


def with_changes(minute: float, oi: int = 1000) -> EnrichedSnapshot:
    return replace(snapshot(at(minute), oi, **GIVEN), has_changes=True)


def shown(engine: Engine) -> LatestOption:
    with engine.connect() as session:
        rows = latest_chain(session, "NSE")
    assert len({row[8:] for row in rows}) == 1, "every contract was written alike"
    return rows[0]


@pytest.mark.parametrize("is_new", [True, False])
def test_changes_that_a_writer_gives_are_shown_as_given(engine: Engine, is_new: bool) -> None:
    write(engine, snapshot(at(0), 100))
    if is_new:
        with engine.begin() as session:
            session.execute(text("DELETE FROM option_chain_latest"))
    write(engine, with_changes(5))
    assert {name: getattr(shown(engine), name) for name in GIVEN} == GIVEN
    with engine.connect() as session:
        stored = chain_at(session, "NSE", at(5))
    assert {row.pct_change_10m for row in stored} == {15.0}
    with engine.begin() as session:
        assert write_live_edge(session, with_changes(6))
    assert shown(engine).oi_change_3m == 21


def test_a_writer_without_a_memory_gets_both_from_one_baseline(engine: Engine) -> None:
    blind = {**GIVEN, "oi_change_3m": None}
    write(engine, snapshot(at(0), 100), snapshot(at(5), 130, **blind))
    row = shown(engine)
    assert (row.oi_change_5m, row.pct_change_5m) == (30, pytest.approx(30.0))
    assert (row.oi_change_10m, row.pct_change_10m) == (None, None)
    with engine.connect() as session:
        stored = chain_at(session, "NSE", at(5))
    assert {(r.pct_change_5m, r.pct_change_10m) for r in stored} == {(row.pct_change_5m, None)}
    with engine.begin() as session:
        assert write_live_edge(session, snapshot(at(5.5), 125, features={}, **blind))
    row = shown(engine)
    assert (row.oi_change_5m, row.pct_change_5m) == (25, pytest.approx(25.0))


def test_nothing_can_be_told_in_percent_of_nothing(engine: Engine) -> None:
    write(engine, snapshot(at(0), 0), snapshot(at(5), 130))
    row = shown(engine)
    assert (row.oi_change_5m, row.pct_change_5m) == (130, None)


def test_a_context_that_says_nothing_of_changes_has_them_computed(engine: Engine) -> None:
    write(engine, snapshot(at(0), 100))
    given = with_changes(5, 140)
    with engine.begin() as session:
        write_snapshot(session, given)
        binds = {"exchange": "NSE", "timestamp": given.timestamp, "context": "{}"}
        assert session.scalar(statement("write_edge"), binds)
    assert (shown(engine).oi_change_5m, shown(engine).pct_change_5m) == (40, pytest.approx(40.0))


def test_a_late_snapshot_leaves_changes_that_were_given(engine: Engine) -> None:
    write(engine, with_changes(10))
    with engine.connect() as session:
        before = summary(session, "NSE")
    write(engine, with_changes(5, 400))
    row = shown(engine)
    assert {name: getattr(row, name) for name in GIVEN} == GIVEN
    assert row.day_open_oi == 400
    with engine.connect() as session:
        after = summary(session, "NSE")
    assert after.sequence > before.sequence, "readers are told of the day's open"
    assert after.updated_at == before.updated_at, "the chain itself is no newer"


def test_changes_that_were_not_given_follow_a_late_snapshot(engine: Engine) -> None:
    write(engine, snapshot(at(10), 500), snapshot(at(5), 400))
    row = shown(engine)
    assert (row.oi_change_5m, row.pct_change_5m) == (100, pytest.approx(25.0))


def test_percentages_of_another_writer_stand_and_missing_ones_are_computed(engine: Engine) -> None:
    save(engine, at(0), 100)
    save(engine, at(5), 150, pct_change_3m=9.9)
    row = shown(engine)
    assert (row.pct_change_3m, row.oi_change_3m) == (9.9, 50)
    assert (row.pct_change_5m, row.oi_change_5m) == (pytest.approx(50.0), 50)
    save(engine, at(1), 120)
    row = shown(engine)
    assert (row.pct_change_3m, row.oi_change_3m) == (9.9, 30)
    assert (row.pct_change_5m, row.oi_change_5m) == (pytest.approx(50.0), 50)
