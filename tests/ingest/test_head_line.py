"""The head line says what is known, by whom, and nothing more."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from sqlalchemy import Engine, text

from db.ingest import write_live_edge
from db.market.ticks import EnrichedSnapshot
from db.queries import pcr
from db.queries.chain import latest_chain
from db.queries.snapshots import snapshot_at
from db.queries.summary import ChainSummary, summary
from tests.ingest.writers import write
from tests.support.chains import at, snapshot


def head(engine: Engine) -> ChainSummary:
    with engine.connect() as session:
        found = summary(session, "NSE")
    assert found is not None
    return found


def test_a_side_without_known_oi_leaves_pcr_and_max_pain_unknown(engine: Engine) -> None:
    write(engine, snapshot(at(0), {26_000.0: (100, None), 26_050.0: (50, None)}))
    known = head(engine)
    assert (known.oi_ce, known.oi_pe, known.oi_known, known.contracts) == (150, None, 2, 4)
    assert (known.pcr, known.max_pain) == (None, None)


def test_oi_that_is_partly_unknown_is_summed_up_as_far_as_it_is_known(engine: Engine) -> None:
    write(engine, snapshot(at(0), {26_000.0: (100, None), 26_050.0: (None, 50)}))
    known = head(engine)
    assert (known.pcr, known.oi_known) == (0.5, 2)
    assert known.max_pain == 26_000.0


def test_calls_without_any_oi_leave_the_ratio_unknown(engine: Engine) -> None:
    write(engine, snapshot(at(0), {26_000.0: (0, 30)}))
    assert (head(engine).pcr, head(engine).oi_known) == (None, 2)


def test_unknown_stays_unknown_in_history_and_over_time(engine: Engine) -> None:
    write(engine, snapshot(at(0), {26_000.0: (100, None)}), snapshot(at(1), {26_000.0: (0, 5)}))
    with engine.begin() as session:
        # the same totals, summed up from history
        session.execute(text("UPDATE option_chain_snapshots SET ltp = 101"))
    with engine.connect() as session:
        stored = snapshot_at(session, "NSE", at(0))
        minutes = pcr.pcr_minutes(session, "NSE", at(0), at(2))
        fives = pcr.pcr_five_minutes(session, "NSE", at(0), at(5))
        days = pcr.pcr_days(session, "NSE", at(-1440), at(1440))
    assert (stored.oi_ce, stored.oi_pe) == (100, None)
    assert [(row.oi_ce, row.oi_pe, row.pcr) for row in minutes] == [(100, None, None), (0, 5, None)]
    assert [row.pcr for row in (*fives, *days)] == [None, None]


@pytest.mark.parametrize("index", [None, 26_210.0])
def test_the_strike_at_the_money_is_the_writers(engine: Engine, index: float | None) -> None:
    given = snapshot(at(0), underlying_price=index)
    write(engine, replace(given, atm_strike=26_050.0))
    known = head(engine)
    assert (known.atm_strike, known.straddle, known.atm_iv) == (26_050.0, 200.0, 12.0)
    with engine.connect() as session:
        stored = snapshot_at(session, "NSE", at(0))
    assert (stored.atm_strike, stored.straddle) == (26_050.0, 200.0)


@pytest.mark.parametrize(("index", "strike"), [(None, None), (26_040.0, 26_050.0)])
def test_without_the_writers_it_is_the_nearest_to_the_index(
    engine: Engine, index: float | None, strike: float | None
) -> None:
    write(engine, replace(snapshot(at(0), underlying_price=index), atm_strike=None))
    assert head(engine).atm_strike == strike
    assert head(engine).straddle == (None if strike is None else 200.0)


def test_the_writer_says_of_when_the_index_is_and_what_a_lot_is(engine: Engine) -> None:
    given = replace(snapshot(at(1)), underlying_at=at(0), lot_size=65)
    write(engine, given)
    assert (head(engine).underlying_at, head(engine).lot_size) == (at(0), 65)
    with engine.begin() as session:
        # the same chain, summed up anew from history
        session.execute(text("UPDATE option_chain_snapshots SET ltp = 101"))
    assert (head(engine).underlying_at, head(engine).lot_size) == (at(0), 65)
    with engine.begin() as session:
        write_live_edge(session, snapshot(at(2)))
    assert (head(engine).underlying_at, head(engine).lot_size) == (None, None)


def test_another_instant_of_history_takes_over_neither(engine: Engine) -> None:
    write(engine, snapshot(at(0)))
    write(engine, replace(snapshot(at(1)), underlying_at=at(0), lot_size=65))
    with engine.begin() as session:
        session.execute(
            text("DELETE FROM option_chain_snapshots WHERE timestamp = :at"),
            {"at": at(1).replace(tzinfo=None)},
        )
    found = head(engine)
    assert (found.timestamp, found.underlying_at, found.lot_size) == (at(0), None, None)


def test_a_straddle_needs_both_prices(engine: Engine) -> None:
    given = snapshot(at(0), strikes=(26_000.0,))
    untraded_put = replace(given.options, ltp=np.array([100.0, np.nan]))
    write(engine, replace(given, options=untraded_put))
    assert (head(engine).atm_strike, head(engine).straddle) == (26_000.0, None)


def test_a_strike_at_the_money_that_is_not_listed_has_no_straddle(engine: Engine) -> None:
    write(engine, replace(snapshot(at(0)), atm_strike=27_000.0))
    known = head(engine)
    assert (known.atm_strike, known.straddle, known.atm_iv) == (27_000.0, None, None)


def test_the_head_line_says_what_kind_of_market_it_shows(engine: Engine) -> None:
    write(engine, replace(snapshot(at(0)), source="simulated"))
    assert head(engine).source == "simulated"
    with engine.begin() as session:
        write_live_edge(session, replace(snapshot(at(1)), source="live"))
    assert head(engine).source == "live"
    write(engine, snapshot(at(2)))
    assert head(engine).source is None, "this writer did not say"


def test_a_chain_corrected_in_history_is_still_of_its_writer(engine: Engine) -> None:
    write(engine, replace(snapshot(at(0)), source="replayed"))
    with engine.begin() as session:
        session.execute(text("UPDATE option_chain_snapshots SET oi = 7"))
    assert (head(engine).source, head(engine).oi_ce) == ("replayed", 21)


def test_a_head_line_has_its_age_by_the_databases_clock(engine: Engine) -> None:
    write(engine, snapshot(at(0)))
    with engine.begin() as session:
        session.execute(text("UPDATE chain_summary SET updated_at = now() - INTERVAL '1 hour'"))
        aged = summary(session, "NSE")
        later = summary(session, "NSE")
    assert 3600 <= aged.age_s <= later.age_s
    assert aged.age_s <= head(engine).age_s


def on_the_forward(engine: Engine) -> tuple[float | None, float | None, set[float | None]]:
    """The forward, IV at the money of it, and that of every contract."""
    with engine.connect() as session:
        contracts = {row.iv_forward for row in latest_chain(session, "NSE")}
    return head(engine).forward, head(engine).atm_iv_forward, contracts


def skewed(moment: datetime, forward: float | None) -> EnrichedSnapshot:
    """IV on the forward of 10 at 25,950, 11 and 12 at 26,000, nothing and 14 at 26,050."""
    given = snapshot(moment)
    known = np.array([10.0, 10.0, 11.0, 12.0, np.nan, 14.0])
    return replace(given, options=replace(given.options, iv_forward=known), forward=forward)


@pytest.mark.parametrize(
    ("forward", "iv"),
    [(25_974.9, 10.0), (25_975.0, 10.0), (26_020.0, 11.5), (26_040.0, 14.0), (None, None)],
)
def test_iv_at_the_money_of_the_forward_is_of_the_strike_nearest_to_it(
    engine: Engine, forward: float | None, iv: float | None
) -> None:
    write(engine, skewed(at(0), forward))
    assert on_the_forward(engine)[:2] == (forward, iv)


def test_an_edge_write_brings_its_own_forward(engine: Engine) -> None:
    write(engine, skewed(at(0), 26_020.0))
    with engine.begin() as session:
        assert write_live_edge(session, skewed(at(0.5), 25_950.0))
    assert on_the_forward(engine)[:2] == (25_950.0, 10.0)
    with engine.begin() as session:
        assert write_live_edge(session, skewed(at(0.6), None))
    assert on_the_forward(engine)[:2] == (None, None)


def test_a_correction_in_history_leaves_what_is_known_on_the_forward(engine: Engine) -> None:
    write(engine, snapshot(at(0)))
    with engine.begin() as session:
        session.execute(text("UPDATE option_chain_snapshots SET oi = oi + 1"))
    assert head(engine).oi_ce == 3003
    assert on_the_forward(engine) == (26_040.25, 12.5, {12.5})


def test_a_writer_that_knows_history_alone_leaves_the_forward_unknown(engine: Engine) -> None:
    write(engine, snapshot(at(0)))
    with engine.begin() as session:
        session.execute(
            text(
                """
                INSERT INTO option_chain_snapshots
                    ("timestamp", exchange, strike, option_type, symbol, token, oi, iv)
                SELECT "timestamp" + INTERVAL '1 min', exchange, strike, option_type, symbol, token,
                       oi, iv
                FROM option_chain_snapshots
                """
            )
        )
    assert head(engine).timestamp == at(1)
    assert on_the_forward(engine) == (None, None, {None})
