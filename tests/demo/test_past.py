"""The simulated past: complete, filled once, continued where it stopped."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, text

from app.demo.past import fill, planned
from app.feeds.simulate.feed import snapshot_at
from db.market.clock import IST
from db.market.ticks import ChainSnapshot
from db.queries.recording import stored_chain
from tests.support.chains import Row, rows_of

SEED = 5
WEDNESDAY_1030 = datetime(2026, 8, 19, 10, 30, 20, tzinfo=IST)
HOURLY_S = 3600


def stored(engine: Engine) -> dict[str, list[tuple[str, int]]]:
    """By exchange key, each day and how many snapshots history holds of it."""
    statement = text(
        "SELECT exchange, timestamp::date::text, count(DISTINCT timestamp)"
        " FROM option_chain_snapshots GROUP BY 1, 2 ORDER BY 1, 2"
    )
    found: dict[str, list[tuple[str, int]]] = {}
    with engine.connect() as connection:
        for exchange, day, count in connection.execute(statement):
            found.setdefault(exchange, []).append((day, count))
    return found


def test_trading_days_are_filled_and_the_present_one_in_full_width(engine: Engine) -> None:
    reports: list[tuple[int, int]] = []
    rows = fill(
        engine,
        days=2,
        interval_s=HOURLY_S,
        until=WEDNESDAY_1030,
        progress=lambda done, total: reports.append((done, total)),
        seed=SEED,
    )
    days = [("2026-08-18", 7), ("2026-08-19", 2)]
    keys = ("BANKNIFTY_MONTHLY", "BSE", "NSE", "NSE_MONTHLY")
    assert stored(engine) == dict.fromkeys(keys, days)
    assert rows == (7 * 4 * 81 + 2 * (113 + 151 + 123 + 167)) * 2
    assert reports[-1] == (rows, rows)
    _assert_same_market(engine)
    _assert_rollups_and_live_edge(engine)


def _assert_same_market(engine: Engine) -> None:
    """History is the market that the live feed continues."""
    at = datetime(2026, 8, 19, 10, 15, tzinfo=IST)
    with engine.connect() as connection:
        found = stored_chain(connection, "BSE", at)
    live = snapshot_at(SEED, "BSE", at)
    assert _by_token(found) == _by_token(live)
    assert found.underlying_price == live.underlying_price
    assert (found.future_price, found.future_oi) == (live.future_price, live.future_oi)


def _by_token(chain: ChainSnapshot) -> dict[object, Row]:
    return {row["token"]: row for row in rows_of(chain.options)}


def _assert_rollups_and_live_edge(engine: Engine) -> None:
    with engine.connect() as connection:
        days = connection.execute(
            text("SELECT count(*) FROM oi_1d WHERE exchange = 'NSE'")
        ).scalar_one()
        newest = connection.execute(
            text("SELECT timestamp, contracts FROM chain_summary WHERE exchange = 'NSE'")
        ).one()
    assert days == 2
    assert tuple(newest) == (datetime(2026, 8, 19, 10, 15), 226)


def test_filling_again_goes_on_where_it_stopped(engine: Engine) -> None:
    early = datetime(2026, 8, 19, 9, 40, tzinfo=IST)
    first = fill(engine, days=1, interval_s=600, until=early, seed=SEED)
    assert fill(engine, days=1, interval_s=600, until=early, seed=SEED) == 0
    later = fill(engine, days=1, interval_s=600, until=WEDNESDAY_1030, seed=SEED)
    assert (first, later) == (3 * 1108, 5 * 1108)
    assert {tuple(days) for days in stored(engine).values()} == {(("2026-08-19", 8),)}


SATURDAY, MONDAY = date(2026, 8, 22), date(2026, 8, 24)
FRIDAY_SESSION = (date(2026, 8, 21), time(9, 15), time(15, 30))


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (
            datetime(2026, 8, 22, 11, 0, 30, tzinfo=IST),
            [FRIDAY_SESSION, (SATURDAY, time(9, 31), time(11, 0, 30))],
        ),
        (
            datetime(2026, 8, 21, 20, 0, tzinfo=IST),
            [FRIDAY_SESSION, (date(2026, 8, 21), time(18, 30), time(20, 0))],
        ),
        (
            datetime(2026, 8, 21, 16, 0, tzinfo=IST),
            [FRIDAY_SESSION, (date(2026, 8, 21), time(15, 30), time(16, 0))],
        ),
        (
            datetime(2026, 8, 24, 0, 45, tzinfo=IST),
            [FRIDAY_SESSION, (MONDAY, time(0, 0), time(0, 45))],
        ),
        (
            datetime(2026, 8, 24, 9, 15, tzinfo=IST),
            [FRIDAY_SESSION, (MONDAY, time(7, 45), time(9, 15))],
        ),
        (
            datetime(2026, 8, 24, 9, 20, tzinfo=IST),
            [(MONDAY, time(9, 15), time(9, 20))],
        ),
    ],
    ids=["weekend", "evening", "after the close", "night", "before the open", "after the open"],
)
def test_a_day_of_history_ends_now_or_has_the_last_ninety_minutes_beside_it(
    until: datetime, expected: list[tuple[date, time, time]]
) -> None:
    spans = [span for span in planned(1, 60, until) if span.exchange == "NSE"]
    assert [(s.day, _time(s.first), _time(s.last)) for s in spans] == expected


def _time(second: int) -> time:
    return (datetime(2026, 1, 1) + timedelta(seconds=second)).time()


def test_ten_trading_days_are_two_weeks_without_their_weekends() -> None:
    days = sorted({span.day for span in planned(10, 60, WEDNESDAY_1030)})
    assert (len(days), days[0], days[-1]) == (10, date(2026, 8, 6), date(2026, 8, 19))
    assert all(day.weekday() < 5 for day in days)
