"""The simulated past: complete, filled once, continued where it stopped."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, text

from app.demo.past import fill, planned
from app.feeds.simulate.contracts import expiry_at, listed
from app.feeds.simulate.feed import snapshot_at
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.ticks import ChainSnapshot, OptionTick
from db.queries.recording import stored_chain

SEED = 5
WEDNESDAY_1030 = datetime(2026, 8, 19, 10, 30, 20, tzinfo=IST)
HOURLY_S = 3600


def width(key: str) -> int:
    """How many contracts the whole chain has on that Wednesday."""
    day = WEDNESDAY_1030.date()
    return len(listed(SEED, key, expiry_at(EXCHANGES[key], day, 0), day).strike)


WIDTHS = sum(width(key) for key in EXCHANGES)


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
    assert rows == 7 * 4 * 81 * 2 + 2 * WIDTHS
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


def _by_token(chain: ChainSnapshot) -> dict[int, OptionTick]:
    return {tick.token: tick for tick in chain.options}


def _assert_rollups_and_live_edge(engine: Engine) -> None:
    with engine.connect() as connection:
        days = connection.execute(
            text("SELECT count(*) FROM oi_1d WHERE exchange = 'NSE'")
        ).scalar_one()
        newest = connection.execute(
            text("SELECT timestamp, contracts FROM chain_summary WHERE exchange = 'NSE'")
        ).one()
    assert days == 2
    assert tuple(newest) == (datetime(2026, 8, 19, 10, 15), width("NSE"))


def test_filling_again_goes_on_where_it_stopped(engine: Engine) -> None:
    early = datetime(2026, 8, 19, 9, 40, tzinfo=IST)
    first = fill(engine, days=1, interval_s=600, until=early, seed=SEED)
    assert fill(engine, days=1, interval_s=600, until=early, seed=SEED) == 0
    later = fill(engine, days=1, interval_s=600, until=WEDNESDAY_1030, seed=SEED)
    assert (first, later) == (3 * WIDTHS, 5 * WIDTHS)
    assert {tuple(days) for days in stored(engine).values()} == {(("2026-08-19", 8),)}


SATURDAY, MONDAY = date(2026, 8, 22), date(2026, 8, 24)
FRIDAY_SESSION = (date(2026, 8, 21), time(9, 15), time(15, 40))


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        pytest.param(
            "2026-08-22 11:00:30",
            [FRIDAY_SESSION, (SATURDAY, time(9, 31), time(11, 0, 30))],
            id="weekend",
        ),
        pytest.param(
            "2026-08-21 20:00",
            [FRIDAY_SESSION, (date(2026, 8, 21), time(18, 30), time(20, 0))],
            id="evening",
        ),
        pytest.param(
            "2026-08-21 16:00",
            [FRIDAY_SESSION, (date(2026, 8, 21), time(15, 40), time(16, 0))],
            id="after the close",
        ),
        pytest.param(
            "2026-08-21 15:35",
            [(date(2026, 8, 21), time(9, 15), time(15, 35))],
            id="in the last minutes of an era's longer session",
        ),
        pytest.param(
            "2026-07-30 15:35",
            [
                (date(2026, 7, 30), time(9, 15), time(15, 30)),
                (date(2026, 7, 30), time(15, 30), time(15, 35)),
            ],
            id="the same minutes of the era before",
        ),
        pytest.param(
            "2026-08-24 00:45",
            [FRIDAY_SESSION, (MONDAY, time(0, 0), time(0, 45))],
            id="night",
        ),
        pytest.param(
            "2026-08-24 09:15",
            [FRIDAY_SESSION, (MONDAY, time(7, 45), time(9, 15))],
            id="before the open",
        ),
        pytest.param("2026-08-24 09:20", [(MONDAY, time(9, 15), time(9, 20))], id="after the open"),
        pytest.param(
            "2026-11-24 11:00",
            [
                (date(2026, 11, 23), time(9, 15), time(15, 40)),
                (date(2026, 11, 24), time(9, 30), time(11, 0)),
            ],
            id="holiday",
        ),
        pytest.param(
            "2025-10-21 14:00",
            [(date(2025, 10, 21), time(13, 45), time(14, 0))],
            id="Muhurat",
        ),
        pytest.param(
            "2026-11-09 09:00",
            [
                (date(2026, 11, 6), time(9, 15), time(15, 40)),
                (date(2026, 11, 9), time(7, 30), time(9, 0)),
            ],
            id="after a Muhurat whose hours nobody knows",
        ),
    ],
)
def test_a_day_of_history_ends_now_or_has_the_last_ninety_minutes_beside_it(
    until: str, expected: list[tuple[date, time, time]]
) -> None:
    moment = datetime.fromisoformat(until).replace(tzinfo=IST)
    spans = [span for span in planned(1, 60, moment) if span.exchange == "NSE"]
    assert [(s.day, _time(s.first), _time(s.last)) for s in spans] == expected


def _time(second: int) -> time:
    return (datetime(2026, 1, 1) + timedelta(seconds=second)).time()


@pytest.mark.parametrize(
    ("until", "first"),
    [
        (WEDNESDAY_1030, date(2026, 8, 6)),
        (datetime(2026, 11, 26, 11, tzinfo=IST), date(2026, 11, 12)),
    ],
)
def test_ten_trading_days_leave_weekends_and_holidays_out(until: datetime, first: date) -> None:
    days = sorted({span.day for span in planned(10, 60, until)})
    assert (len(days), days[0], days[-1]) == (10, first, until.date())
    assert not {day for day in days if day.weekday() >= 5 or day == date(2026, 11, 24)}


def test_the_day_before_a_monthly_expiry_that_a_holiday_moved_is_filled(engine: Engine) -> None:
    fill(
        engine,
        days=1,
        interval_s=HOURLY_S,
        until=datetime(2026, 11, 23, 17, 0, tzinfo=IST),
        seed=SEED,
    )
    statement = text(
        "SELECT timestamp::time, expiry FROM option_chain_snapshots WHERE exchange = 'NSE'"
        " GROUP BY 1, 2 ORDER BY 1"
    )
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(statement)]
    assert found[0] == (time(9, 15), date(2026, 11, 23))
    assert found[-1] == (time(16, 0), date(2026, 12, 1))
    assert {expiry for at, expiry in found if at < time(15, 40)} == {date(2026, 11, 23)}
