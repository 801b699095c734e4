"""The main job on real input: a recorded tape, against an independent computation with pandas."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, text

from app.chains.legacy import payload
from app.chains.newest import read_state
from app.collector import Collector, Counts
from app.collector.enrich import enriched
from app.collector.memory import Memory
from app.feeds.replay import ReplayFeed
from db.engine import engine_for
from db.market.exchanges import EXCHANGES
from db.market.ticks import EnrichedSnapshot
from tests.support.databases import DatabaseServer

pytestmark = pytest.mark.tape

LAST = pd.Timestamp("2025-12-04T13:14:00+05:30")


@pytest.fixture(scope="module")
def engine(server: DatabaseServer) -> Iterator[Engine]:
    """An engine on a database at head, one for all tests here: they only read."""
    with server.database("migrated") as url:
        found = engine_for(url)
        yield found
        found.dispose()


@pytest.fixture(scope="module")
def counts(engine: Engine, tape: Path) -> Counts:
    """What a replay of the whole tape into the database counted."""
    return Collector(engine, ReplayFeed.of_file(tape)).run()


@pytest.fixture(scope="module")
def rows(tape: Path) -> pd.DataFrame:
    """The tape as pandas reads it."""
    return pd.read_csv(tape, parse_dates=["timestamp"])


def test_every_row_of_the_tape_is_stored_as_it_is(
    engine: Engine, counts: Counts, rows: pd.DataFrame
) -> None:
    assert counts.rows == len(rows) == 5_910
    assert counts.snapshots == 160
    assert not counts.rejected
    key = ["timestamp", "exchange", "strike", "option_type"]
    figures = ["token", "ltp", "oi", "volume", "underlying_price"]
    with engine.connect() as connection:
        stored = pd.read_sql(
            text(
                "SELECT timestamp, exchange, strike, option_type, token, ltp, oi, volume,"
                " underlying_price FROM option_chain_snapshots"
            ),
            connection,
        )
    given = rows.assign(timestamp=rows.timestamp.dt.tz_localize(None), strike=rows.strike * 1.0)
    pd.testing.assert_frame_equal(
        stored.sort_values(key).reset_index(drop=True),
        given[key + figures].sort_values(key).reset_index(drop=True),
        check_dtype=False,
    )


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_last_chain_shows_what_the_tape_holds(
    engine: Engine, counts: Counts, rows: pd.DataFrame, exchange: str
) -> None:
    with engine.connect() as connection:
        shown = payload(read_state(connection, exchange))
    of_chain = rows[rows.exchange == exchange]
    last = of_chain[of_chain.timestamp == LAST]
    options = {(o["strike"], side): o for side, o in _sides(shown)}
    assert shown["last_update"] == LAST.isoformat()
    assert shown["underlying_price"] == last.underlying_price.iloc[0]
    assert shown["underlying_future_price"] == last.future_price.iloc[0]
    assert shown["underlying_future_oi"] == last.future_oi.iloc[0]
    assert {key: o["latest_oi"] for key, o in options.items()} == _by_contract(last, "oi")
    assert {key: o["ltp"] for key, o in options.items()} == _by_contract(last, "ltp")
    assert {key: o["volume"] for key, o in options.items()} == _by_contract(last, "volume")
    _assert_changes(options, of_chain)
    assert shown["pcr"] == pytest.approx(_pcr(last), rel=1e-12)
    assert shown["max_pain"] == _max_pain(last)


def _sides(shown: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    calls = [("CE", option) for option in shown["call_options"]]
    return calls + [("PE", option) for option in shown["put_options"]]


def _by_contract(frame: pd.DataFrame, column: str) -> dict[tuple[float, str], Any]:
    return {(r.strike, r.option_type): getattr(r, column) for r in frame.itertuples()}


def _assert_changes(options: dict[tuple[float, str], dict[str, Any]], chain: pd.DataFrame) -> None:
    """A tape of minutes without a gap: the snapshot n minutes ago is exactly there."""
    now = _by_contract(chain[chain.timestamp == LAST], "oi")
    for minutes in (3, 5, 10, 15, 30):
        then = LAST - pd.Timedelta(minutes=minutes)
        before = _by_contract(chain[chain.timestamp == then], "oi")
        assert before
        for key, option in options.items():
            was = before.get(key)
            change = None if was is None else now[key] - was
            assert option["abs_changes"][f"{minutes}m"] == change, (key, minutes)
            percent = change / was * 100 if was else None
            assert option["pct_changes"][f"{minutes}m"] == (
                None if percent is None else pytest.approx(percent, rel=1e-9, abs=1e-12)
            ), (key, minutes)


def _pcr(last: pd.DataFrame) -> float:
    total = last.groupby("option_type").oi.sum()
    return float(total["PE"] / total["CE"])


def _max_pain(last: pd.DataFrame) -> float:
    """The strike with the least payout, each computed from every contract."""
    payout = {}
    for settlement in sorted(last.strike.unique()):
        calls = last[(last.option_type == "CE") & (last.strike < settlement)]
        puts = last[(last.option_type == "PE") & (last.strike > settlement)]
        payout[settlement] = ((settlement - calls.strike) * calls.oi).sum() + (
            (puts.strike - settlement) * puts.oi
        ).sum()
    return float(min(payout, key=lambda strike: (payout[strike], strike)))


def test_volatility_of_the_tape_is_that_of_its_prices(
    engine: Engine, counts: Counts, rows: pd.DataFrame
) -> None:
    with engine.connect() as connection:
        shown = payload(read_state(connection, "NSE"))
    known = [option for _, option in _sides(shown) if option["iv"] is not None]
    assert len(known) > 30
    days = (pd.Timestamp("2025-12-09T15:30:00+05:30") - LAST) / pd.Timedelta(days=365)
    for side, option in _sides(shown):
        if option["iv"] is not None:
            value = _black_scholes(
                side == "CE", shown["underlying_price"], option["strike"], days, option["iv"] / 100
            )
            assert value == pytest.approx(option["ltp"], abs=0.02)


@pytest.mark.parametrize("exchange", ["NSE_MONTHLY", "BANKNIFTY_MONTHLY"])
def test_calls_and_puts_of_a_month_read_apart_on_the_index_and_alike_on_the_forward(
    tape: Path, exchange: str
) -> None:
    memory = Memory()
    apart = [
        _difference_at_the_money(enriched(chain, memory, with_features=False))
        for chain in ReplayFeed.of_file(tape).batches()
        if chain.exchange == exchange
    ]
    on_index, on_forward = np.abs(np.array(apart)).T
    assert len(apart) == 40
    assert on_index.min() > 1.0
    assert np.median(on_forward) < 0.1
    assert on_forward.max() < 0.3


def _difference_at_the_money(snapshot: EnrichedSnapshot) -> tuple[float, float]:
    """IV of the call less that of the put at the strike nearest to the forward, both ways."""
    options = snapshot.options
    assert snapshot.forward is not None
    nearest = options.strike[np.argmin(np.abs(options.strike - snapshot.forward))]
    here = options.strike == nearest
    call, put = here & options.is_call, here & ~options.is_call
    return (
        float(options.iv[call][0] - options.iv[put][0]),
        float(options.iv_forward[call][0] - options.iv_forward[put][0]),
    )


def test_the_head_line_of_the_tape_has_one_volatility_on_the_forward(
    engine: Engine, counts: Counts, rows: pd.DataFrame
) -> None:
    with engine.connect() as connection:
        facts = read_state(connection, "NSE_MONTHLY").chain.facts
    assert 26_028.1 < facts["forward"] < 26_200
    assert facts["atm_iv_forward"] == pytest.approx(9.65, abs=0.15)


def _black_scholes(is_call: bool, spot: float, strike: float, years: float, vol: float) -> float:
    def normal(x: float) -> float:
        return (1 + math.erf(x / math.sqrt(2))) / 2

    d1 = (math.log(spot / strike) + (0.1 + vol * vol / 2) * years) / (vol * math.sqrt(years))
    d2, discounted = d1 - vol * math.sqrt(years), strike * math.exp(-0.1 * years)
    call = spot * normal(d1) - discounted * normal(d2)
    return call if is_call else call - spot + discounted
