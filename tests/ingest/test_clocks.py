"""An instant that the market's clock has not reached never keeps the newest chain from showing."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, text

from db.ingest import write_live_edge, write_snapshot
from db.ingest.statements import statement
from db.market.limits import FUTURE_TOLERANCE_S
from db.queries.chain import chain_at, latest_chain
from db.queries.summary import ChainSummary, summary
from tests.ingest.writers import save
from tests.support.chains import at, snapshot
from tests.support.databases import connection

AN_HOUR_AHEAD = at(180)
NEXT_YEAR = at(366 * 24 * 60)


@pytest.fixture(autouse=True)
def noon(engine: Engine) -> None:
    """The market's clock stands two hours after the open."""
    set_clock(engine, at(120))


def set_clock(engine: Engine, moment: datetime) -> None:
    with engine.begin() as session:
        session.execute(
            text(
                "CREATE OR REPLACE FUNCTION public.market_now() RETURNS timestamp "
                f"LANGUAGE sql STABLE AS $$ SELECT TIMESTAMP '{moment.replace(tzinfo=None)}' $$"
            )
        )


def store(engine: Engine, minute: float, oi: int = 100) -> bool:
    with engine.begin() as session:
        return write_snapshot(session, snapshot(at(minute), oi))


def show(engine: Engine, minute: float) -> bool:
    with engine.begin() as session:
        return write_live_edge(session, snapshot(at(minute), features={}))


def head(engine: Engine) -> ChainSummary | None:
    with engine.connect() as session:
        return summary(session, "NSE")


def newest(engine: Engine) -> datetime | None:
    known = head(engine)
    with engine.connect() as session:
        rows = latest_chain(session, "NSE")
    assert {row.timestamp for row in rows} == ({known.timestamp} if known else set())
    return known and known.timestamp


def test_the_tolerance_is_that_of_the_limits(engine: Engine) -> None:
    with engine.connect() as session:
        seconds = session.scalar(
            text(
                """
                SELECT extract(epoch FROM
                    live_edge.horizon() - market_now() - (clock_timestamp() - now())
                )
                """
            )
        )
    assert float(seconds) == pytest.approx(FUTURE_TOLERANCE_S, abs=1)


@pytest.mark.parametrize("ahead", [AN_HOUR_AHEAD, NEXT_YEAR])
def test_a_row_dated_ahead_is_stored_and_not_shown(engine: Engine, ahead: datetime) -> None:
    store(engine, 110)
    save(engine, ahead, 7)
    assert newest(engine) == at(110)
    with engine.connect() as session:
        assert [row.oi for row in chain_at(session, "NSE", ahead)] == [7]
    assert store(engine, 111)
    save(engine, at(112), 8)
    assert newest(engine) == at(112)
    assert head(engine).oi_ce == 8


def test_a_row_a_little_ahead_is_shown(engine: Engine) -> None:
    store(engine, 110)
    save(engine, at(124), 7)
    assert newest(engine) == at(124)


def test_an_exchange_with_nothing_but_rows_dated_ahead_shows_nothing(engine: Engine) -> None:
    save(engine, NEXT_YEAR, 7)
    assert newest(engine) is None
    save(engine, at(100), 8)
    assert newest(engine) == at(100)


def test_our_own_instants_beyond_the_horizon_are_refused(engine: Engine) -> None:
    store(engine, 110)
    assert not show(engine, 180)
    assert not store(engine, 180)
    assert newest(engine) == at(110)


def test_what_is_shown_next_after_a_deletion_is_no_row_dated_ahead(engine: Engine) -> None:
    store(engine, 100)
    store(engine, 110)
    save(engine, NEXT_YEAR, 7)
    with engine.begin() as session:
        session.execute(
            text("DELETE FROM option_chain_snapshots WHERE timestamp = :at"),
            {"at": at(110).replace(tzinfo=None)},
        )
    assert newest(engine) == at(100)


def test_a_bulk_load_shows_no_row_dated_ahead(engine: Engine) -> None:
    store(engine, 110)
    save(engine, AN_HOUR_AHEAD, 7)
    with engine.begin() as session:
        session.execute(statement("refresh_newest"), {"exchange": "NSE"})
    assert newest(engine) == at(110)


def test_a_clock_set_back_an_hour_does_not_stop_the_live_edge(engine: Engine) -> None:
    store(engine, 58)
    store(engine, 119)
    show(engine, 120)
    set_clock(engine, at(60))
    assert show(engine, 60)
    assert newest(engine) == at(60)
    assert not show(engine, 59), "a shown instant of the clock as it is now is newer"
    assert store(engine, 61)
    assert newest(engine) == at(61)


@pytest.mark.parametrize("way", ["snapshot", "other program", "bulk load"])
def test_whoever_writes_after_a_clock_was_set_back_is_shown(engine: Engine, way: str) -> None:
    store(engine, 119)
    set_clock(engine, at(60))
    if way == "snapshot":
        assert store(engine, 60)
    elif way == "other program":
        save(engine, at(60), 7)
    else:
        with engine.begin() as session:
            session.execute(text("SET LOCAL live_edge.bulk_load = 'on'"))
            write_snapshot(session, snapshot(at(60)))
        with engine.begin() as session:
            session.execute(statement("refresh_newest"), {"exchange": "NSE"})
    assert newest(engine) == at(60)


@pytest.mark.parametrize("way", ["snapshot", "live edge", "other program"])
def test_a_clock_that_was_a_minute_ahead_does_not_stop_the_live_edge(
    engine: Engine, way: str
) -> None:
    def write(minute: float) -> None:
        if way == "snapshot":
            store(engine, minute)
        elif way == "live edge":
            show(engine, minute)
        else:
            save(engine, at(minute), 8)

    write(121)
    assert newest(engine) == at(121)
    write(119.5)
    assert newest(engine) == at(121), "a late row of the past is not what is shown"
    write(120)
    assert newest(engine) == at(120)
    write(119.9)
    assert newest(engine) == at(120)


def test_rows_dated_ahead_are_no_bounds_of_the_day(engine: Engine) -> None:
    store(engine, -1440, 70)
    save(engine, NEXT_YEAR, 7)
    save(engine, at(24 * 60), 8)
    store(engine, 100, 90)
    store(engine, 110, 100)
    known = head(engine)
    assert (known.day_open_at, known.prev_close_at) == (at(100), at(-1440))


def test_bounds_of_the_day_are_found_anew_when_a_clock_was_set_back(engine: Engine) -> None:
    store(engine, -1440, 70)
    store(engine, 24 * 60 - 1440 + 60, 80)
    set_clock(engine, at(24 * 60 + 60))
    store(engine, 24 * 60 + 60, 90)
    assert head(engine).prev_close_at == at(60)
    set_clock(engine, at(61))
    store(engine, 61, 85)
    known = head(engine)
    assert (known.timestamp, known.day_open_at, known.prev_close_at) == (
        at(61),
        at(60),
        at(-1440),
    )


def test_instants_beyond_all_time_are_stored_and_not_shown(engine: Engine) -> None:
    store(engine, 110)
    with connection(engine.url) as session:
        session.execute(
            "INSERT INTO option_chain_snapshots (timestamp, exchange, strike, option_type, symbol,"
            " token) VALUES ('9999-12-31', 'NSE', 1, 'CE', 'N', 1)"
        )
    assert newest(engine) == at(110)


def test_the_last_known_state_is_not_pinned_by_an_instant_ahead(engine: Engine) -> None:
    known = text("SELECT last_update_time FROM exchange_metadata")
    for minute, kept in ((180, 180), (110, 110), (180, 110), (109, 110)):
        store(engine, minute)
        with engine.connect() as session:
            assert session.scalar(known) == at(kept).replace(tzinfo=None)
