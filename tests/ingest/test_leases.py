"""Who may write an exchange key: one at a time, fenced by the database."""

import pytest
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import OperationalError

from db.engine import engine_for
from db.errors import DatabaseUnavailableError
from db.ingest.leases import (
    LeaseLostError,
    acquire,
    exclude,
    guard,
    leader,
    release,
    set_feed_state,
)
from tests.support.waiting import eventually

AT_ONCE = 0.0


def test_a_lease_is_held_by_one_until_it_is_not_renewed(engine: Engine) -> None:
    with engine.begin() as connection:
        assert acquire(connection, "NSE", "one") == 1
        assert acquire(connection, "NSE", "two") is None
        assert acquire(connection, "BSE", "two") == 1
        assert acquire(connection, "NSE", "one") == 1
    with engine.begin() as connection:
        assert acquire(connection, "NSE", "two", lease_s=AT_ONCE) == 2
        assert acquire(connection, "NSE", "one") is None


def test_who_lost_the_lease_cannot_write(engine: Engine) -> None:
    with engine.begin() as connection:
        term = acquire(connection, "NSE", "one")
        assert term is not None
        guard(connection, "NSE", "one", term)
    with engine.begin() as connection:
        acquire(connection, "NSE", "two", lease_s=AT_ONCE)
    with engine.begin() as connection, pytest.raises(LeaseLostError, match="NSE"):
        guard(connection, "NSE", "one", term)


def test_a_lease_does_not_change_hands_within_a_write(engine: Engine) -> None:
    with engine.begin() as connection:
        term = acquire(connection, "NSE", "one")
    assert term is not None
    with engine.begin() as connection:
        guard(connection, "NSE", "one", term)
        with engine.begin() as other:
            assert acquire(other, "NSE", "two", lease_s=AT_ONCE) is None
            assert not exclude(other, "NSE")
    with engine.begin() as other:
        assert acquire(other, "NSE", "two", lease_s=AT_ONCE) == 2


def test_a_standby_that_asks_does_not_hold_the_leader_up(engine: Engine) -> None:
    with engine.begin() as connection:
        term = acquire(connection, "NSE", "one")
    assert term is not None
    with engine.begin() as standby, engine.begin() as connection:
        assert acquire(standby, "NSE", "two") is None
        connection.execute(text("SET LOCAL lock_timeout = '1s'"))
        guard(connection, "NSE", "one", term)
        assert acquire(connection, "NSE", "one") == term


def test_a_write_that_stands_idle_loses_its_lease(database: URL) -> None:
    engine = engine_for(database)
    with engine.begin() as connection:
        term = acquire(connection, "NSE", "one")
    assert term is not None
    frozen = engine.connect()
    frozen.begin()
    guard(frozen, "NSE", "one", term)

    def taken() -> int | None:
        with engine.begin() as other:
            return acquire(other, "NSE", "two", lease_s=AT_ONCE)

    eventually(lambda: taken() == 2)
    with pytest.raises(DatabaseUnavailableError):
        frozen.execute(text("SELECT 1"))
    frozen.close()
    engine.dispose()


def test_while_history_is_filled_up_its_leader_waits(engine: Engine) -> None:
    with engine.begin() as connection:
        term = acquire(connection, "NSE", "one")
    assert term is not None
    with engine.begin() as filling:
        assert exclude(filling, "NSE")
        with engine.connect() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '10ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                guard(connection, "NSE", "one", term)


def test_only_a_fresh_lease_names_a_leader(engine: Engine) -> None:
    with engine.begin() as connection:
        assert leader(connection, "NSE") is None
        acquire(connection, "NSE", "one")
        assert leader(connection, "NSE") == "one"
        assert leader(connection, "NSE", lease_s=AT_ONCE) is None


def test_a_lease_from_before_the_clock_was_set_back_binds_nobody(engine: Engine) -> None:
    with engine.begin() as connection:
        acquire(connection, "NSE", "one")
        connection.execute(
            text("UPDATE collector_leases SET renewed_at = now() + interval '1 min'")
        )
        assert leader(connection, "NSE") is None
        assert acquire(connection, "NSE", "two") == 2
        assert leader(connection, "NSE") == "two"


def test_a_released_lease_is_free_at_once(engine: Engine) -> None:
    with engine.begin() as connection:
        acquire(connection, "NSE", "one")
        release(connection, "NSE", "two")
        assert acquire(connection, "NSE", "two") is None
        release(connection, "NSE", "one")
        assert acquire(connection, "NSE", "two") == 1


def test_the_state_of_a_feed_keeps_the_time_of_its_last_change(engine: Engine) -> None:
    read = text("SELECT state, sentence, changed_at < seen_at FROM feed_states")
    states = []
    for state in ("live", "live", "mute"):
        with engine.begin() as connection:
            set_feed_state(connection, "NSE", state, None)
        with engine.connect() as connection:
            states.append(tuple(connection.execute(read).one()))
    assert states == [("live", None, False), ("live", None, True), ("mute", None, False)]
