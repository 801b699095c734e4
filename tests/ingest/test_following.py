"""Whoever writes, and however: the live edge is what history says, after every commit."""

import threading
from datetime import datetime, time, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Connection, Engine, text

from db.ingest import write_live_edge, write_snapshot
from db.market.clock import IST
from db.queries.chain import chain_at
from db.queries.summary import summary
from tests.ingest.reference import expected, kept
from tests.support.chains import EXPIRY, OPEN, at, snapshot
from tests.support.databases import connection
from tests.support.legacy import SAVE, SAVE_FEATURES

# two days, minutes that are baselines of each other, and the days' borders
MOMENTS = [
    moment + timedelta(days=day)
    for day in (0, 1)
    for moment in (at(0), at(3), at(5), at(9.5), at(10), at(30), at(374.5))
]
STRIKES = (25_950.0, 26_000.0, 26_050.0)
moments = st.sampled_from(MOMENTS)
strikes = st.sampled_from(STRIKES)
sides = st.sampled_from(("CE", "PE"))
quantities = st.one_of(st.none(), st.integers(0, 50))
exchanges = st.sampled_from(("NSE", "BSE"))

insert = st.tuples(st.just("insert"), exchanges, moments, strikes, sides, quantities)
update = st.tuples(st.just("update"), exchanges, moments, quantities)
move = st.tuples(st.just("move"), exchanges, moments, moments)
delete = st.tuples(st.just("delete"), exchanges, moments)
thin = st.tuples(st.just("thin"), exchanges, moments, strikes)
clean = st.tuples(st.just("clean"), moments)
write = st.tuples(st.just("write"), exchanges, moments, st.integers(0, 50))
step = st.one_of(insert, update, move, delete, thin, clean, write, write)
transactions = st.lists(st.lists(step, min_size=1, max_size=4), min_size=1, max_size=6)

STATEMENTS = {
    "update": "UPDATE option_chain_snapshots SET oi = :b WHERE exchange = :e AND timestamp = :a",
    "move": """
        UPDATE option_chain_snapshots SET timestamp = :b WHERE exchange = :e AND timestamp = :a
    """,
    "delete": "DELETE FROM option_chain_snapshots WHERE exchange = :e AND timestamp = :a",
    "thin": """
        DELETE FROM option_chain_snapshots
        WHERE exchange = :e AND timestamp = :a AND strike = :b
    """,
}


# of the same contracts as those that `write` writes
SAVED = SAVE.replace("600000", "%(seconds)s")


def naive(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def perform(session: Connection, action: tuple) -> None:
    match action:
        case ("insert", exchange, moment, strike, side, oi):
            session.connection.cursor().execute(SAVED, row(exchange, moment, strike, side, oi))
        case ("write", exchange, moment, oi):
            write_snapshot(session, snapshot(moment, oi, exchange=exchange))
        case ("move", exchange, moment, target) if moment.date() != target.date() or chain_at(
            session, exchange, target
        ):
            # a row cannot leave its chunk, and a key cannot be there twice
            return
        case ("clean", moment):
            session.execute(
                text("DELETE FROM option_chain_snapshots WHERE timestamp < :a"),
                {"a": naive(moment)},
            )
        case (name, exchange, moment, *rest):
            binds = {"e": exchange, "a": naive(moment), "b": naive(rest[0]) if rest else None}
            statement = STATEMENTS[name]
            used = {key: value for key, value in binds.items() if f":{key}" in statement}
            session.execute(text(statement), used)


def row(exchange: str, moment: datetime, strike: float, side: str, oi: int | None) -> dict:
    return {
        "timestamp": naive(moment),
        "exchange": exchange,
        "strike": strike,
        "option_type": side,
        "symbol": "N",
        "oi": oi,
        "ltp": 10.0,
        "token": 1,
        "underlying_price": 26_010.0,
        "volume": 5,
        "seconds": int((datetime.combine(EXPIRY, time(15, 30), IST) - moment).total_seconds()),
    }


@settings(
    max_examples=20,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=transactions)
def test_the_live_edge_is_what_history_says(engine: Engine, plan: list) -> None:
    with engine.begin() as session:
        session.execute(text("TRUNCATE option_chain_snapshots"))
    for actions in plan:
        with engine.begin() as session:
            for action in actions:
                perform(session, action)
        with engine.connect() as session:
            assert kept(session) == expected(session)
            assert session.scalar(text("SELECT count(*) FROM snapshot_touched")) == 0


def test_truncating_history_empties_the_live_edge(engine: Engine) -> None:
    with engine.begin() as session:
        write_snapshot(session, snapshot(at(0)))
    with engine.begin() as session:
        session.execute(text("TRUNCATE option_chain_snapshots"))
    with engine.connect() as session:
        assert kept(session) == {"snapshots": set(), "latest": set(), "summary": set()}


def test_what_a_savepoint_took_back_is_not_followed(engine: Engine) -> None:
    with engine.begin() as session:
        write_snapshot(session, snapshot(at(0), 100))
    with engine.begin() as session:
        attempt = session.begin_nested()
        session.execute(text("DELETE FROM option_chain_snapshots"))
        attempt.rollback()
        session.execute(text("UPDATE option_chain_snapshots SET oi = 7 WHERE strike = 26000"))
    with engine.connect() as session:
        assert kept(session) == expected(session)


def test_a_deleted_snapshot_leaves_a_newer_live_edge_alone(engine: Engine) -> None:
    with engine.begin() as session:
        write_snapshot(session, snapshot(at(0), 100))
    with engine.begin() as session:
        write_live_edge(session, snapshot(at(0.5), 120))
    with engine.begin() as session:
        session.execute(text("DELETE FROM option_chain_snapshots"))
    with engine.connect() as session:
        assert summary(session, "NSE").timestamp == at(0.5)


def test_greeks_stay_with_the_instant_they_were_given_for(engine: Engine) -> None:
    with engine.begin() as session:
        write_snapshot(session, snapshot(at(0), 100))
    deltas = text("SELECT DISTINCT delta FROM option_chain_latest")
    with engine.begin() as session:
        session.execute(text("UPDATE option_chain_snapshots SET oi = 101"))
    with engine.connect() as session:
        assert session.scalars(deltas).all() == [0.5]
    with connection(engine.url) as session:
        session.execute(SAVE, row("NSE", at(1), 26_000.0, "CE", 9))
    with engine.connect() as session:
        assert session.scalars(deltas).all() == [None]


def test_the_legacy_program_feeds_the_live_edge(engine: Engine) -> None:
    with connection(engine.url) as session, session.transaction():
        session.execute("SET LOCAL TimeZone = 'UTC'")
        for strike in STRIKES:
            for side in ("CE", "PE"):
                legacy = row("NSE", at(0), strike, side, int(strike) % 7 + 1)
                session.execute(SAVE, legacy | {"timestamp": "2026-11-20 09:15:00"})
    with connection(engine.url) as session:
        session.execute(
            SAVE_FEATURES,
            {"timestamp": "2026-11-20 09:15:00", "exchange": "NSE", "pcr": 1.0, "future": 26_100.0},
        )
    with engine.connect() as session:
        assert kept(session) == expected(session)
        head = summary(session, "NSE")
        future = session.scalar(text("SELECT future_price FROM snapshots"))
    assert head.timestamp == OPEN
    assert (head.vix, head.future_price, future) == (12.5, 26_100.0, 26_100.0)
    assert head.expiry.isoformat() == "2026-11-27", "derived from the seconds to expiry"


def test_two_writers_of_one_snapshot_are_both_seen(engine: Engine) -> None:
    barrier = threading.Barrier(2)
    with engine.begin() as session:
        # the day's chunk is there: the one who creates it makes the other wait for its commit
        write_snapshot(session, snapshot(at(-1)))

    def save(strike: float) -> None:
        with connection(engine.url) as session, session.transaction():
            session.execute(SAVE, row("NSE", at(0), strike, "CE", 10))
            barrier.wait(timeout=20)

    threads = [threading.Thread(target=save, args=[strike]) for strike in STRIKES[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with engine.connect() as session:
        head = summary(session, "NSE")
        assert (head.timestamp, head.contracts) == (at(0), 2)
        assert kept(session) == expected(session)


@pytest.mark.parametrize("rows", [1, 40])
def test_settling_early_does_not_lose_what_comes_after(engine: Engine, rows: int) -> None:
    with engine.begin() as session:
        for number in range(rows):
            write_snapshot(session, snapshot(at(number), 100))
        session.execute(text("DELETE FROM option_chain_snapshots WHERE strike = 25950"))
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        session.execute(text("DELETE FROM option_chain_snapshots WHERE strike = 26000"))
    with engine.connect() as session:
        assert kept(session) == expected(session)


def test_an_instant_is_followed_again_after_a_savepoint_took_it_back(engine: Engine) -> None:
    with engine.begin() as session:
        attempt = session.begin_nested()
        perform(session, ("insert", "NSE", at(0), 26_000.0, "CE", 5))
        attempt.rollback()
        perform(session, ("insert", "NSE", at(0), 26_000.0, "CE", 7))
    with engine.connect() as session:
        assert kept(session) == expected(session)
        assert len(kept(session)["latest"]) == 1


def test_an_instant_is_followed_again_after_history_was_truncated(engine: Engine) -> None:
    with engine.begin() as session:
        perform(session, ("insert", "NSE", at(0), 26_000.0, "CE", 5))
        session.execute(text("TRUNCATE option_chain_snapshots"))
        perform(session, ("insert", "NSE", at(0), 26_050.0, "CE", 7))
    with engine.connect() as session:
        assert kept(session) == expected(session)
        assert len(kept(session)["latest"]) == 1


@pytest.mark.parametrize("statement", ["update", "thin"])
def test_a_changed_row_is_followed_behind_one_of_another_instant(
    engine: Engine, statement: str
) -> None:
    with engine.begin() as session:
        for minute in (0, 3):
            for strike in STRIKES:
                perform(session, ("insert", "NSE", at(minute), strike, "CE", 5))
    change = ("update", "NSE", at(3), 9) if statement == "update" else ("thin", "NSE", at(3), 26e3)
    with engine.begin() as session:
        perform(session, ("insert", "NSE", at(0), 26_000.0, "PE", 5))
        perform(session, change)
    with engine.connect() as session:
        assert kept(session) == expected(session)
