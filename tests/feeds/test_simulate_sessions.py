"""The simulated market keeps the exchanges' hours: eras, auctions, holidays, special sessions."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from app.feeds.simulate.chain import ChainBlock
from app.feeds.simulate.columns import chain_columns, snapshot_contexts
from app.feeds.simulate.contracts import expiry_at
from app.feeds.simulate.feed import snapshot_at
from app.feeds.simulate.paths import DAY_S, DayPaths, day_paths, session_seconds
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from tests.feeds.simulated import SEED, block

LAST_OF_OLD, FIRST_OF_NEW = date(2026, 7, 30), date(2026, 8, 3)
HOLIDAY, MUHURAT = date(2026, 11, 24), date(2025, 10, 21)


def second(text: str) -> int:
    hours, minutes, *rest = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + (rest[0] if rest else 0)


def liveliness(paths: DayPaths, first: str, last: str) -> float:
    """How much the NIFTY moves in a second of that time."""
    return float(np.diff(paths.index["NIFTY"][second(first) : second(last)]).std())


@pytest.mark.parametrize(
    ("day", "last"), [(LAST_OF_OLD, "15:30"), (FIRST_OF_NEW, "15:40"), (date(2026, 8, 4), "15:40")]
)
def test_trading_ends_when_the_days_era_ends_it(day: date, last: str) -> None:
    open_now = session_seconds(day)
    assert open_now == range(second("09:15"), second(last))
    paths = day_paths(SEED, day)
    before = str(timedelta(seconds=second(last) - 300))
    after = str(timedelta(seconds=second(last) + 300))
    assert liveliness(paths, before, last) > 2 * liveliness(paths, last, after)


def test_trading_ends_for_volume_too() -> None:
    chain = block("NSE", FIRST_OF_NEW, [second(t) for t in ("15:29", "15:39:30", "15:41", "15:51")])
    grown = np.diff(chain.volume[:, chain.contracts.quoted].sum(axis=1))
    assert grown[0] > 20 * max(grown[2], 1)


@pytest.mark.parametrize("day", [HOLIDAY, date(2026, 1, 15), date(2026, 11, 22)])
def test_a_day_without_a_session_is_quiet_and_goes_on(day: date) -> None:
    assert session_seconds(day) is None
    paths = day_paths(SEED, day)
    assert liveliness(paths, "11:00", "12:00") == pytest.approx(
        liveliness(paths, "20:00", "21:00"), rel=0.2
    )
    assert liveliness(paths, "11:00", "12:00") > 0


def test_a_muhurat_is_an_hour() -> None:
    assert session_seconds(MUHURAT) == range(second("13:45"), second("14:45"))
    paths = day_paths(SEED, MUHURAT)
    assert liveliness(paths, "13:50", "14:40") > 2 * liveliness(paths, "11:00", "12:00")
    chain = block("NSE", MUHURAT, [second("13:44"), second("14:46")])
    assert chain.volume[1].sum() > 5 * chain.volume[0].sum()


def test_a_special_session_nobody_knows_the_hours_of_has_none() -> None:
    assert session_seconds(date(2026, 11, 8)) is None


def auction(day: date, first: str, last: str) -> ChainBlock:
    return block("NSE", day, np.arange(second(first), second(last)))


def test_from_quarter_past_three_the_index_stands_and_prints_once() -> None:
    chain = auction(FIRST_OF_NEW, "15:10", "15:45")
    index, at = chain.underlying, np.arange(second("15:10"), second("15:45"))
    closing = at >= second("15:15")
    still = closing & (at < second("15:28"))
    assert len(np.unique(index[~closing])) > 100
    assert (index[still] == index[at == second("15:14:59")]).all()
    held = index[closing & (at < second("15:40"))]
    assert (np.diff(held) != 0).sum() == 1
    printed = at[closing & (at < second("15:40"))][1:][np.diff(held) != 0]
    assert second("15:28") <= printed <= second("15:30")
    assert abs(held[-1] / held[0] - 1) < 0.01


def test_in_the_auction_options_futures_and_vix_trade_on() -> None:
    chain = auction(FIRST_OF_NEW, "15:16", "15:27")
    assert len(np.unique(chain.underlying)) == 1
    assert len(np.unique(chain.future)) > 50
    assert len(np.unique(chain.vix)) > 1
    moving = (np.diff(chain.bid, axis=0) != 0).mean()
    assert moving == pytest.approx(
        (np.diff(auction(FIRST_OF_NEW, "15:03", "15:14").bid, axis=0) != 0).mean(), abs=0.1
    )


def test_what_history_holds_of_the_auction_is_what_the_collector_makes_of_it() -> None:
    at = [datetime(2026, 8, 3, 15, minute, tzinfo=IST) for minute in (14, 25)]
    made = block("BANKNIFTY_MONTHLY", FIRST_OF_NEW, np.array([second("15:14"), second("15:25")]))
    stored = {context.timestamp: context for context in snapshot_contexts(made)}
    rows = chain_columns(made)
    memory = Memory()
    for moment in at:
        given = snapshot_at(SEED, "BANKNIFTY_MONTHLY", moment)
        live = enriched(given, memory)
        memory.remember(moment_of(given))
        assert stored[moment].atm_strike == live.atm_strike
        assert stored[moment].features["underlying_price"] == live.underlying_price
        held = rows.timestamp == np.datetime64(moment.replace(tzinfo=None), "us")
        # a forward is known to a few points
        difference = rows.iv[held] - live.options.iv
        assert np.nanmedian(np.abs(difference)) < 0.15
        assert (rows.moneyness[held] == live.options.moneyness).all()


def test_before_august_2026_no_index_stood_still() -> None:
    index = auction(LAST_OF_OLD, "15:10", "15:30").underlying
    assert (np.diff(index) != 0).mean() > 0.9


def test_contracts_live_to_the_end_of_their_days_session() -> None:
    exchange = EXCHANGES["NSE"]
    for day, end in ((date(2026, 7, 28), "15:30"), (date(2026, 8, 4), "15:40")):
        last = block("NSE", day, [second(end) - 1])
        assert last.seconds_to_expiry.tolist() == [1]
        assert expiry_at(exchange, day, second(end) - 1) == day
        assert expiry_at(exchange, day, second(end)) == day + timedelta(days=7)


def test_an_expiry_on_a_holiday_is_the_day_before() -> None:
    assert expiry_at(EXCHANGES["NSE"], date(2026, 11, 20), 0) == date(2026, 11, 23)
    assert expiry_at(EXCHANGES["NSE_MONTHLY"], HOLIDAY, 0) == date(2026, 12, 29)
    assert block("NSE_MONTHLY", date(2026, 11, 20)).contracts.symbol[0].startswith("NIFTY26NOV")


def test_prices_stand_at_intrinsic_value_as_a_contract_dies() -> None:
    day = date(2026, 8, 4)
    chain = block("NSE", day, [second("15:40") - 1])
    c = chain.contracts
    index = day_paths(SEED, day).index["NIFTY"][second("15:40") - 1]
    paid = np.maximum(np.where(c.is_call, 1, -1) * (index - c.strike), 0)
    bid, ask = np.nan_to_num(chain.bid)[0], chain.ask[0]
    # nothing is left of time: what is paid lies in the spread, but for the strike at the money
    apart = np.abs(index - c.strike) > 10
    assert (bid <= paid + 0.01)[c.quoted & apart].all()
    assert (ask >= paid - 0.01)[c.quoted & apart].all()
    assert (ask - paid)[c.quoted & apart & (paid == 0)].max() < 0.2


def test_levels_run_on_over_midnight_and_leave_gaps_over_night() -> None:
    today, tomorrow = (day_paths(SEED, FIRST_OF_NEW + timedelta(days=d)).index for d in (0, 1))
    assert tomorrow["NIFTY"][0] == pytest.approx(today["NIFTY"][-1], rel=2e-4)
    gaps = []
    for d in range(20):
        day = FIRST_OF_NEW - timedelta(days=d)
        before = day_paths(SEED, day - timedelta(days=1)).index["NIFTY"][second("15:30")]
        gaps.append(abs(day_paths(SEED, day).index["NIFTY"][second("09:15")] / before - 1))
    assert max(gaps) > 0.002


def test_a_demo_moves_at_any_hour() -> None:
    for begins in range(0, DAY_S - 3600, 7200):
        chain = block("NSE", HOLIDAY, np.arange(begins, begins + 1800, 10))
        assert (np.diff(chain.underlying) != 0).mean() > 0.5
        moved = np.diff(chain.ltp[:, chain.contracts.quoted], axis=0) != 0
        assert moved.sum() > 20
