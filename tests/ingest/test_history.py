"""History in bulk: the same result as row by row, at once."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from db.ingest import add_history, load_history, write_snapshot
from db.market.ticks import ChainColumns
from db.queries.summary import summary
from tests.ingest.reference import expected, kept
from tests.support.chains import at, snapshot
from tests.support.waiting import eventually

STRIKES = (25_950.0, 26_000.0, 26_050.0)


def columns(exchange: str, day: int, minutes: int) -> ChainColumns:
    """A chain a minute from the open of that day on, OI drawn from a fixed seed."""
    rows = minutes * len(STRIKES) * 2
    start = np.datetime64((at(0) + timedelta(days=day)).replace(tzinfo=None), "us")
    instants = start + np.arange(minutes) * np.timedelta64(1, "m")
    unknown = np.full(rows, np.nan)
    texts = {"symbol": b"N", "moneyness": b"OTM"}
    known = {
        "timestamp": np.repeat(instants, len(STRIKES) * 2),
        "strike": np.tile(np.repeat(np.array(STRIKES), 2), minutes),
        "option_type": np.tile(np.array([b"CE", b"PE"]), minutes * len(STRIKES)),
        "token": np.arange(rows),
        "expiry": np.full(rows, np.datetime64("2026-11-26")),
        "time_to_expiry_seconds": np.full(rows, 500_000),
        "underlying_price": np.full(rows, 26_010.0),
        "oi": np.random.default_rng(7).integers(0, 1000, rows),
        "volume": np.full(rows, 5),
        "ltp": np.full(rows, 10.0),
    }
    values = {
        name: known.get(name, np.full(rows, texts[name]) if name in texts else unknown)
        for name in ChainColumns.__dataclass_fields__
        if name != "exchange"
    }
    return ChainColumns(exchange=exchange, **values)


def test_loaded_history_is_what_rows_would_have_made(engine: Engine) -> None:
    with engine.begin() as session:
        for exchange in ("NSE", "BSE"):
            assert load_history(session, columns(exchange, 0, 35)) == 35 * 6
    with engine.begin() as session:
        load_history(session, columns("NSE", -1, 10))
    with engine.connect() as session:
        assert kept(session) == expected(session)
        totals = session.execute(text("SELECT sum(snapshots) FROM oi_1m")).scalar()
    assert totals == 35 + 35 + 10


def test_features_come_with_it(engine: Engine) -> None:
    without = [snapshot(at(minute), {}) for minute in (0, 1)]
    with engine.begin() as session:
        load_history(session, columns("NSE", 0, 2), without)
    with engine.connect() as session:
        assert session.scalar(text("SELECT count(*) FROM ml_features")) == 2
        assert session.scalar(text("SELECT min(future_price) FROM snapshots")) == 26_100.0
        assert summary(session, "NSE").vix == 11.5


def test_history_that_is_there_is_not_overwritten(engine: Engine) -> None:
    with engine.begin() as session:
        load_history(session, columns("NSE", 0, 2))
    with engine.connect() as session, pytest.raises(IntegrityError):
        load_history(session, columns("NSE", 0, 3))
    with engine.connect() as session:
        assert session.scalar(text("SELECT count(*) FROM option_chain_snapshots")) == 12


def test_snapshots_are_added_where_there_is_none_and_the_live_edge_goes_on(
    engine: Engine,
) -> None:
    with engine.begin() as session:
        write_snapshot(session, snapshot(at(4), 4_000))
        write_snapshot(session, snapshot(at(8), 8_000))
    with engine.begin() as session:
        given = [snapshot(at(minute), 1_000 * minute + 1) for minute in (3, 4, 5)]
        assert add_history(session, given) == 2
        assert add_history(session, given) == 0
        assert add_history(session, []) == 0
    with engine.connect() as session:
        stored = session.execute(
            text("SELECT DISTINCT timestamp, oi FROM option_chain_snapshots ORDER BY 1")
        ).all()
        shown = summary(session, "NSE")
        assert kept(session) == expected(session)
    assert [oi for _, oi in stored] == [3_001, 4_000, 5_001, 8_000]
    assert shown.timestamp == at(8)


def test_who_adds_history_waits_for_who_writes_the_chain(engine: Engine) -> None:
    added: list[int] = []

    def add() -> None:
        with engine.begin() as session:
            added.append(add_history(session, [snapshot(at(4), 1)]))

    adding = threading.Thread(target=add)
    with engine.begin() as session:
        write_snapshot(session, snapshot(at(4), 4_000))
        adding.start()
        with engine.connect() as other:
            waits = text(
                """
                SELECT count(*)
                FROM pg_locks
                JOIN pg_database ON pg_database.oid = pg_locks.database
                WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
                """
            )
            eventually(lambda: other.scalar(waits))
    adding.join(60)
    assert added == [0]
    with engine.connect() as session:
        assert session.scalar(text("SELECT min(oi) FROM option_chain_snapshots")) == 4_000


def test_nothing_to_load_is_no_error(engine: Engine) -> None:
    with engine.begin() as session:
        assert load_history(session, columns("NSE", 0, 0)) == 0


def test_triggers_work_again_after_a_load(engine: Engine) -> None:
    with engine.begin() as session:
        load_history(session, columns("NSE", 0, 2))
        session.execute(text("UPDATE option_chain_snapshots SET oi = 1"))
    with engine.connect() as session:
        assert kept(session) == expected(session)


@pytest.mark.parametrize(("given", "kept_as"), [("4MB", "256MB"), ("1GB", "1GB")])
def test_a_load_keeps_its_rows_in_memory_and_no_longer(
    engine: Engine, given: str, kept_as: str
) -> None:
    memory = text("SHOW work_mem")
    with engine.connect() as session:
        session.execute(text("SELECT set_config('work_mem', :given, false)"), {"given": given})
        session.commit()
        load_history(session, columns("NSE", 0, 5))
        assert session.scalar(memory) == kept_as
        session.commit()
        assert session.scalar(memory) == given
