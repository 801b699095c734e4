"""What the collector computes of a chain, against figures worked out by hand."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analytics.black_scholes import price
from app.collector.enrich import enriched, moment_of
from app.collector.memory import Memory
from db.market.calendar import seconds_to_expiry
from db.market.ticks import EnrichedOption, OptionTick
from tests.collector.chains import AT, EXPIRY, STRIKES, chain, minutes, tick


def option(rows: tuple[EnrichedOption, ...], strike: float, side: str) -> EnrichedOption:
    return next(row for row in rows if (row.strike, row.option_type) == (strike, side))


def remembering(*snapshots: object) -> Memory:
    return Memory(tuple(moment_of(snapshot) for snapshot in snapshots))  # type: ignore[arg-type]


def test_changes_are_in_percent_of_the_oi_that_many_minutes_ago() -> None:
    memory = remembering(
        chain(AT - minutes(30), oi=5_000),
        chain(AT - minutes(5), oi=8_000),
        chain(AT - minutes(3), oi=10_000),
    )
    row = enriched(chain(oi=7_500), memory).options[0]
    assert row.pct_change_3m == pytest.approx(-25.0)
    assert row.pct_change_5m == pytest.approx(-6.25)
    assert row.pct_change_30m == pytest.approx(50.0)
    assert row.pct_change_10m is None


def test_without_a_past_every_change_is_unknown() -> None:
    row = enriched(chain(), Memory()).options[0]
    assert (row.pct_change_3m, row.pct_change_30m) == (None, None)


def test_a_new_contract_at_an_old_strike_has_no_past() -> None:
    past = chain(AT - minutes(3))
    other = replace(
        past, options=tuple(replace(t, token=t.token + 1_000_000) for t in past.options)
    )
    assert enriched(chain(), remembering(other)).options[0].pct_change_3m is None


def test_volatility_is_in_percent_and_gives_the_price_back() -> None:
    years = seconds_to_expiry(EXPIRY, AT) / (365 * 86_400)
    ltp = float(price(True, 26_010.0, 26_050.0, years, 0.11))
    snapshot = replace(chain(), options=(tick(26_050.0, "CE", ltp=ltp),))
    row = enriched(snapshot, Memory()).options[0]
    assert row.iv == pytest.approx(11.0, abs=1e-3)
    assert row.delta is not None
    assert 0.3 < row.delta < 0.6


def test_an_impossible_price_has_no_volatility_and_no_greeks() -> None:
    snapshot = replace(chain(), options=(tick(25_900.0, "CE", ltp=1.0),))
    row = enriched(snapshot, Memory()).options[0]
    assert (row.iv, row.delta, row.vega) == (None, None, None)


def test_moneyness_and_time_are_those_of_the_instant() -> None:
    rows = enriched(chain(), Memory()).options
    assert option(rows, 25_950.0, "CE").moneyness == "ITM"
    assert option(rows, 26_000.0, "PE").moneyness == "ATM"
    assert option(rows, 26_050.0, "CE").moneyness == "OTM"
    assert rows[0].time_to_expiry_seconds == 5 * 86_400 + 5.5 * 3600


def test_book_figures_are_stored_where_both_sides_are_known() -> None:
    quoted = replace(
        tick(26_000.0, "CE"), best_bid=99.5, best_ask=100.25, bid_quantity=300.0, ask_quantity=100.0
    )
    rows = enriched(replace(chain(), options=(quoted, tick(26_000.0, "PE"))), Memory()).options
    assert (rows[0].spread, rows[0].order_book_imbalance) == (0.75, 0.5)
    assert (rows[1].spread, rows[1].order_book_imbalance) == (None, None)


def test_theoretical_price_is_what_the_neighbours_say() -> None:
    years = seconds_to_expiry(EXPIRY, AT) / (365 * 86_400)
    ltps = {k: float(price(True, 26_010.0, k, years, 0.11)) for k in (25_950.0, 26_000.0, 26_050.0)}
    dear = ltps | {26_000.0: ltps[26_000.0] + 7}
    ticks = tuple(tick(k, "CE", ltp=ltp) for k, ltp in dear.items())
    rows = enriched(replace(chain(), options=ticks), Memory()).options
    assert option(rows, 26_000.0, "CE").theoretical_price == pytest.approx(ltps[26_000.0], abs=0.01)
    assert option(rows, 25_950.0, "CE").theoretical_price is None


def test_without_an_index_all_that_needs_one_is_unknown() -> None:
    found = enriched(replace(chain(), underlying_price=None), Memory())
    row = found.options[0]
    assert found.atm_strike is None
    assert (row.iv, row.moneyness, row.underlying_price) == (None, None, None)
    assert row.oi == 7_500
    assert found.features["pcr_total_oi"] == 1.0
    assert found.features["futures_premium"] is None


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
        unique_by=lambda t: (t.strike, t.option_type),
    ),
    st.none() | st.floats(0.01, 1e7),
)
def test_no_sound_chain_however_odd_is_fatal_or_gives_a_number_that_is_none(
    ticks: list[OptionTick], underlying: float | None
) -> None:
    odd = replace(chain(), options=tuple(ticks), underlying_price=underlying)
    found = enriched(odd, remembering(chain(AT - minutes(3)), odd))
    figures = [v for row in found.options for v in row if isinstance(v, float)]
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
        assert set(found.oi.values()) == {expected}


def test_memory_forgets_what_no_change_can_ask_for() -> None:
    memory = remembering(chain(AT - minutes(62)))
    memory.remember(moment_of(chain(AT)))
    assert memory.recent_underlying(AT + minutes(1), 10) == [26_010.0]
