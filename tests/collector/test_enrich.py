"""What the collector computes of a chain, against figures worked out by hand."""

import math
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.black_scholes import RATE, price
from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from db.market.calendar import seconds_to_expiry
from db.market.clock import IST
from db.market.ticks import ChainSnapshot
from tests.collector.chains import AT, EXPIRY, STRIKES, chain, minutes, tick
from tests.support.chains import Row, rows_of


def rows_for(snapshot: ChainSnapshot, memory: Memory | None = None) -> list[SimpleNamespace]:
    found = enriched(snapshot, memory or Memory())
    return [SimpleNamespace(**row) for row in rows_of(found.options)]


def option(rows: list[SimpleNamespace], strike: float, side: str) -> SimpleNamespace:
    return next(row for row in rows if (row.strike, row.option_type) == (strike, side))


def remembering(*snapshots: ChainSnapshot) -> Memory:
    return Memory(moment_of(snapshot) for snapshot in snapshots)


def test_changes_are_in_percent_of_the_oi_that_many_minutes_ago() -> None:
    memory = remembering(
        chain(AT - minutes(30), oi=5_000),
        chain(AT - minutes(5), oi=8_000),
        chain(AT - minutes(3), oi=10_000),
    )
    row = rows_for(chain(oi=7_500), memory)[0]
    assert row.pct_change_3m == pytest.approx(-25.0)
    assert row.pct_change_5m == pytest.approx(-6.25)
    assert row.pct_change_30m == pytest.approx(50.0)
    assert row.pct_change_10m is None
    changes = (row.oi_change_3m, row.oi_change_5m, row.oi_change_30m, row.oi_change_10m)
    assert changes == (-2_500, -500, 2_500, None)


def test_without_a_past_every_change_is_unknown() -> None:
    row = rows_for(chain())[0]
    assert (row.pct_change_3m, row.pct_change_30m) == (None, None)


def test_a_new_contract_at_an_old_strike_has_no_past() -> None:
    past = chain(AT - minutes(3))
    others = replace(past.options, token=past.options.token + 1_000_000)
    memory = remembering(replace(past, options=others))
    assert rows_for(chain(), memory)[0].pct_change_3m is None


def test_volatility_is_in_percent_and_gives_the_price_back() -> None:
    years = seconds_to_expiry(EXPIRY, AT) / (365 * 86_400)
    ltp = float(price(True, 26_010.0, 26_050.0, years, 0.11))
    (row,) = rows_for(chain(rows=[tick(26_050.0, "CE", ltp=ltp)]))
    assert row.iv == pytest.approx(11.0, abs=1e-3)
    assert row.delta is not None
    assert 0.3 < row.delta < 0.6


def test_an_impossible_price_has_no_volatility_and_no_greeks() -> None:
    (row,) = rows_for(chain(rows=[tick(25_900.0, "CE", ltp=1.0)]))
    assert (row.iv, row.delta, row.vega) == (None, None, None)


def test_moneyness_and_time_are_those_of_the_instant() -> None:
    rows = rows_for(chain())
    assert option(rows, 25_950.0, "CE").moneyness == "ITM"
    assert option(rows, 26_000.0, "PE").moneyness == "ATM"
    assert option(rows, 26_050.0, "CE").moneyness == "OTM"
    assert rows[0].time_to_expiry_seconds == 5 * 86_400 + 5.5 * 3600


def test_book_figures_are_stored_where_both_sides_are_known() -> None:
    book = {"best_bid": 99.5, "best_ask": 100.25, "bid_quantity": 300.0, "ask_quantity": 100.0}
    rows = rows_for(chain(rows=[tick(26_000.0, "CE", **book), tick(26_000.0, "PE")]))
    assert (rows[0].spread, rows[0].order_book_imbalance) == (0.75, 0.5)
    assert (rows[1].spread, rows[1].order_book_imbalance) == (None, None)


def test_theoretical_price_is_what_the_neighbours_say() -> None:
    years = seconds_to_expiry(EXPIRY, AT) / (365 * 86_400)
    ltps = {k: float(price(True, 26_010.0, k, years, 0.11)) for k in (25_950.0, 26_000.0, 26_050.0)}
    dear = ltps | {26_000.0: ltps[26_000.0] + 7}
    rows = rows_for(chain(rows=[tick(k, "CE", ltp=ltp) for k, ltp in dear.items()]))
    assert option(rows, 26_000.0, "CE").theoretical_price == pytest.approx(ltps[26_000.0], abs=0.01)
    assert option(rows, 25_950.0, "CE").theoretical_price is None


def test_without_an_index_and_without_pairs_all_that_needs_one_is_unknown() -> None:
    calls = [tick(strike, "CE") for strike in STRIKES]
    found = enriched(chain(underlying=None, rows=calls), Memory())
    row = rows_of(found.options)[0]
    assert found.atm_strike is None
    assert (row["iv"], row["moneyness"], row["underlying_price"]) == (None, None, None)
    assert row["oi"] == 7_500
    assert found.features["pcr_total_oi"] is None
    assert found.features["futures_premium"] is None
    assert found.features["total_itm_oi_ce"] is None


def priced(forward: float, at: datetime = AT, underlying: float | None = None) -> ChainSnapshot:
    """A chain whose prices obey put–call parity around a forward, at a volatility of 11 %."""
    years = seconds_to_expiry(EXPIRY, at) / (365 * 86_400)
    spot = forward * math.exp(-RATE * years)
    ltps = {
        (strike, side): float(price(side == "CE", spot, strike, years, 0.11))
        for strike in STRIKES
        for side in ("CE", "PE")
    }
    rows = [tick(strike, side, ltp=ltp) for (strike, side), ltp in ltps.items()]
    return chain(at, underlying=underlying, rows=rows)


def test_without_an_index_the_forward_of_the_chain_takes_its_place() -> None:
    found = enriched(priced(26_060.0), Memory())
    rows = rows_of(found.options)
    assert found.underlying_price is None
    assert {row["underlying_price"] for row in rows} == {None}
    assert found.features["underlying_price"] is None
    assert found.atm_strike == 26_050.0
    assert [row["iv"] for row in rows] == pytest.approx([11.0] * 10, abs=1e-2)
    assert found.forward == pytest.approx(26_060.0, abs=0.15)
    assert next(row for row in rows if row["strike"] == 26_050)["moneyness"] == "ATM"
    assert found.features["total_itm_oi_ce"] == 4 * 7_500


def test_on_its_own_forward_a_chain_has_one_volatility_however_far_the_index_is() -> None:
    rows = rows_for(priced(26_060.0, underlying=25_980.0))
    assert [row.iv_forward for row in rows] == pytest.approx([11.0] * 10, abs=0.05)
    assert option(rows, 26_050.0, "CE").iv > 12
    assert option(rows, 26_050.0, "PE").iv < 10


def test_without_pairs_there_is_no_forward_and_no_volatility_on_it() -> None:
    found = enriched(chain(rows=[tick(strike, "CE") for strike in STRIKES]), Memory())
    assert found.forward is None
    assert {row["iv_forward"] for row in rows_of(found.options)} == {None}
    assert found.atm_strike == 26_000.0


@pytest.mark.parametrize(
    ("hour", "minute", "atm"),
    [(15, 14, 25_950.0), (15, 15, 26_050.0), (15, 36, 26_050.0), (15, 41, 25_950.0)],
    ids=["open", "closing auction", "options alone", "closed"],
)
@pytest.mark.parametrize("year", [2026, 2031], ids=["known day", "beyond the calendar"])
def test_an_index_that_stands_still_while_options_trade_gives_way_to_the_forward(
    hour: int, minute: int, atm: float, year: int
) -> None:
    at = datetime(year, 8, 5, hour, minute, tzinfo=IST)
    given = priced(26_060.0, underlying=25_940.0)
    expiry = np.full(len(given.options), np.datetime64(f"{year}-08-10"))
    options = replace(given.options, expiry=expiry)
    found = enriched(replace(given, timestamp=at, options=options), Memory())
    assert found.atm_strike == atm
    assert found.underlying_price == 25_940.0
    assert rows_of(found.options)[0]["underlying_price"] == 25_940.0


def in_august(forward: float, underlying: float | None, clock: str) -> ChainSnapshot:
    given = priced(forward, underlying=underlying)
    expiry = np.full(len(given.options), np.datetime64("2026-08-10"))
    at = datetime.fromisoformat(f"2026-08-05T{clock}+05:30").astimezone(IST)
    return replace(given, timestamp=at, options=replace(given.options, expiry=expiry))


@pytest.mark.parametrize("underlying", [25_940.0, None], ids=["stands still", "unknown"])
def test_the_strike_at_the_money_does_not_jump_by_the_carry_where_the_index_gives_way(
    underlying: float | None,
) -> None:
    memory = remembering(in_august(26_060.0, 25_940.0, "15:14:30"))
    same = enriched(in_august(26_060.0, underlying, "15:16:00"), memory)
    risen = enriched(in_august(26_110.0, underlying, "15:16:00"), memory)
    assert (same.atm_strike, risen.atm_strike) == (25_950.0, 26_000.0)
    assert risen.underlying_price == underlying
    at_money = option([SimpleNamespace(**row) for row in rows_of(same.options)], 25_950.0, "CE")
    before = option(rows_for(in_august(26_060.0, 25_940.0, "15:14:30")), 25_950.0, "CE")
    assert at_money.delta == pytest.approx(before.delta, abs=0.001)
    assert at_money.iv == pytest.approx(before.iv, abs=0.01)


@pytest.mark.parametrize(
    ("earlier", "underlying"),
    [("14:10:00", 25_940.0), ("15:15:00", 25_940.0), ("15:14:30", None)],
    ids=["long before", "stood still", "unknown then"],
)
def test_a_carry_counts_for_an_hour_and_from_an_index_that_moved(
    earlier: str, underlying: float | None
) -> None:
    memory = remembering(in_august(26_060.0, underlying, earlier))
    assert enriched(in_august(26_060.0, 25_940.0, "15:16:00"), memory).atm_strike == 26_050.0


def test_a_snapshot_says_what_kind_of_market_it_is_of_and_whether_it_knows_the_past() -> None:
    found = enriched(chain(), Memory(()), source="replayed")
    assert (found.source, found.has_changes) == ("replayed", True)
    assert not enriched(chain(), Memory()).has_changes


def test_what_memory_cannot_know_yet_is_unknown_and_what_it_knows_is_told() -> None:
    memory = Memory()
    memory.remember(moment_of(chain(AT - minutes(3), oi=6_000)))
    found = enriched(chain(), memory)
    assert found.features["itm_ce_breadth"] == 1.0
    assert found.features["atm_shift_intensity"] is None
    memory.learn(
        [moment_of(chain(AT - minutes(3), oi=1)), moment_of(chain(AT - minutes(8), oi=5_000))]
    )
    found = enriched(chain(), memory)
    row = rows_of(found.options)[0]
    assert found.has_changes
    assert (row["oi_change_3m"], row["oi_change_5m"]) == (1_500, 2_500)
    assert found.features["atm_shift_intensity"] == 0.0


def test_of_what_is_added_of_one_instant_the_wider_chain_stands() -> None:
    narrow = chain(AT - minutes(3), rows=[tick(STRIKES[0], "CE", 6_000)])
    wide = chain(AT - minutes(3), oi=5_000)
    for order in ([narrow, wide], [wide, narrow]):
        memory = Memory()
        for each in order:
            memory.add([moment_of(each)])
        found = enriched(chain(), memory)
        assert [row["oi_change_3m"] for row in rows_of(found.options)] == [2_500] * 10
        assert not found.has_changes


def test_features_of_a_snapshot() -> None:
    found = enriched(chain(oi=8_000), remembering(chain(AT - minutes(3), oi=7_500)))
    assert found.features["pcr_total_oi"] == 1.0
    assert found.features["itm_ce_breadth"] == 1.0
    assert found.features["futures_premium"] == pytest.approx(90.0)
    assert found.features["vix"] == 11.5
    assert found.features["time_to_expiry_hours"] == pytest.approx(125.5)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            tick,
            st.sampled_from(STRIKES),
            st.sampled_from(["CE", "PE"]),
            st.none() | st.integers(0, 10**12),
            st.none() | st.floats(0, 1e7),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: (row["strike"], row["option_type"]),
    ),
    st.none() | st.floats(0.01, 1e7),
)
def test_no_sound_chain_however_odd_is_fatal_or_gives_a_number_that_is_none(
    rows: list[Row], underlying: float | None
) -> None:
    odd = replace(chain(rows=rows), underlying_price=underlying)
    found = enriched(odd, remembering(chain(AT - minutes(3)), odd))
    figures = [v for row in rows_of(found.options) for v in row.values() if isinstance(v, float)]
    figures += [v for v in found.features.values() if v is not None]
    assert all(math.isfinite(v) for v in figures)


def test_a_live_update_carries_no_features() -> None:
    assert enriched(chain(), Memory(), with_features=False).features == {}


def test_memory_replaces_an_instant_and_takes_late_ones_in_order() -> None:
    memory = remembering(chain(AT - minutes(6), oi=1), chain(AT - minutes(3), oi=2))
    memory.remember(moment_of(chain(AT - minutes(3), oi=4)))
    memory.remember(moment_of(chain(AT - minutes(5), oi=3)))
    for ago, expected in ((3, 4), (5, 3)):
        found = memory.before(AT, ago)
        assert found is not None
        assert set(found.oi.tolist()) == {expected}


def test_memory_survives_a_clock_that_is_set_back() -> None:
    memory = remembering(chain(AT - minutes(90)), chain(AT, oi=1), chain(AT + minutes(1), oi=2))
    for minute in (57, 60):
        memory.remember(moment_of(chain(AT - minutes(minute), oi=minute)))
    found = memory.before(AT - minutes(55), 3)
    assert found is not None
    assert found.oi.tolist() == [60.0] * 10
    assert memory.before(AT + minutes(2), 3) is None


def test_memory_forgets_what_no_change_can_ask_for() -> None:
    memory = remembering(chain(AT - minutes(62)))
    memory.remember(moment_of(chain(AT)))
    assert memory.recent_underlying(AT + minutes(1), 10) == [26_010.0]
