"""What the market shows at which hour."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from app.kite.standin import Fault, StandIn
from app.kite.standin.hours import Hours
from app.kite.standin.market import Market, State
from db.market.clock import IST
from tests.kite.standin.conftest import NIFTY, SEED, WEDNESDAY


@pytest.mark.parametrize(
    ("at", "option", "index"),
    [
        (datetime(2026, 8, 19, 12, 0, 5), datetime(2026, 8, 19, 12, 0, 5), None),
        (datetime(2026, 8, 19, 15, 20), None, datetime(2026, 8, 19, 15, 14, 59)),
        (datetime(2026, 8, 19, 15, 36), None, datetime(2026, 8, 19, 15, 35)),
        (datetime(2026, 8, 19, 18, 0), datetime(2026, 8, 19, 15, 39, 59), None),
        (datetime(2026, 8, 23, 12, 0), datetime(2026, 8, 21, 15, 39, 59), None),
        (datetime(2026, 7, 30, 16, 0), datetime(2026, 7, 30, 15, 29, 59), None),
    ],
    ids=["session", "auction", "auction over", "evening", "Sunday", "before the change"],
)
def test_each_class_stands_where_its_session_left_it(
    at: datetime, option: datetime | None, index: datetime | None
) -> None:
    state = Market(lambda: at.replace(tzinfo=IST), seed=SEED).state()
    times = state.rows["exchange_time"]
    option_place = next(n for n, row in enumerate(state.listings.rows) if row.kind == "CE")
    if option is not None:
        assert times[option_place] == option.replace(tzinfo=IST).timestamp()
    else:
        assert times[option_place] == at.replace(tzinfo=IST).timestamp()
    if index is not None:
        assert times[state.listings.place[NIFTY]] == index.replace(tzinfo=IST).timestamp()


def test_an_always_open_market_moves_on_a_sunday_night() -> None:
    at = [datetime(2026, 8, 23, 23, 59, tzinfo=IST)]
    market = Market(lambda: at[0], seed=SEED, hours=Hours(always=True))
    before = market.state()
    at[0] += timedelta(seconds=30)
    after = market.state()
    assert (before.rows["ltp"] != after.rows["ltp"]).sum() > 100
    assert np.all(after.rows["high"] >= after.rows["ltp"])


def test_expired_contracts_leave_the_dump_and_new_ones_come() -> None:
    at = [datetime(2026, 8, 20, 12, 0, tzinfo=IST)]
    market = Market(lambda: at[0], seed=SEED)
    thursday = market.listings()
    at[0] += timedelta(days=1)
    friday = market.listings()
    sensex = {row.expiry for row in thursday.rows if row.name == "SENSEX" and row.kind == "PE"}
    assert sensex == {date(2026, 8, 20), date(2026, 8, 27)}
    later = {row.expiry for row in friday.rows if row.name == "SENSEX" and row.kind == "PE"}
    assert later == {date(2026, 8, 27), date(2026, 9, 3)}


def _state_with(fault: Fault, times: tuple[datetime, ...], value: object = None) -> list[State]:
    at = [times[0]]
    standin = StandIn(now=lambda: at[0], seed=SEED)
    standin.fault(fault, value=value)
    found = []
    for moment in times:
        at[0] = moment
        found.append(standin.market.state())
    return found


def test_the_index_can_stand_still_or_be_zero_while_options_trade_on() -> None:
    later = WEDNESDAY.replace(minute=20)
    first, second = _state_with(Fault.INDEX_FROZEN, (WEDNESDAY, later))
    place = first.listings.place[NIFTY]
    assert first.rows[place] == second.rows[place]
    assert (first.rows["ltp"] != second.rows["ltp"]).sum() > 100
    [zero] = _state_with(Fault.INDEX_ZERO, (WEDNESDAY,))
    assert zero.rows["ltp"][place] == 0
    assert zero.rows["ltp"][zero.listings.place[264969]] > 0


def test_an_option_can_show_the_price_of_its_index() -> None:
    sound = Market(lambda: WEDNESDAY, seed=SEED).state()
    chosen = next(row for row in sound.listings.rows if row.name == "BANKNIFTY" and row.strike)
    [state] = _state_with(Fault.SPOT_IN_OPTION, (WEDNESDAY,), chosen.token)
    place = state.listings.place
    assert state.rows["ltp"][place[chosen.token]] == state.rows["ltp"][place[260105]]
    assert (state.rows["ltp"] != sound.rows["ltp"]).sum() == 1
