"""Who may write an exchange key: one at a time, fenced by the database."""

import threading

import pytest
from sqlalchemy import Engine, text

from db.ingest.leases import LeaseLostError, acquire, guard, release, set_feed_state

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
    taken: list[int | None] = []

    def take() -> None:
        with engine.begin() as other:
            taken.append(acquire(other, "NSE", "two", lease_s=AT_ONCE))

    thread = threading.Thread(target=take)
    with engine.begin() as connection:
        guard(connection, "NSE", "one", term)
        thread.start()
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        # within one transaction the view would not change
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            while not watching.scalar(waiting):
                pass
        assert taken == []
    thread.join()
    assert taken == [2]


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
