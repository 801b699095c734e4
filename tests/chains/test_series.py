"""Every series equals what follows directly from the rows of history."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import URL, Engine, text

from app.analytics import black_scholes
from app.analytics.open_interest import max_pain
from app.chains.newest import read_state
from app.chains.series.asked import Asked
from app.chains.series.kinds import KINDS
from app.chains.series.reading import Reading
from app.chains.state import ChainState
from db.engine import connected, engine_for
from db.ingest import write_snapshot
from db.market.calendar import seconds_to_expiry
from db.market.clock import IST
from db.timescale.maintenance import fill_all
from tests.support.chains import EXPIRY, OPEN, enriched_columns, option, snapshot

FORWARD, VOLATILITY = 26_040.25, 0.12
STRIKES = np.arange(25_500.0, 26_600.0, 50.0)
# two bars of five minutes and the beginning of a third, of today and of the day before
MINUTES = (0, 0.5, 2, 4.5, 5, 9.5, 11)
DAYS = (-24 * 60, 0)


def priced(at: datetime, oi: np.ndarray) -> list[dict[str, object]]:
    """Contracts that cost what the forward and one volatility say."""
    years = black_scholes.years_to_expiry(seconds_to_expiry(EXPIRY, at))
    rows = []
    for column, side in enumerate(("CE", "PE")):
        is_call = side == "CE"
        ltp = black_scholes.price(is_call, FORWARD, STRIKES, years, VOLATILITY, 0.0)
        for place, strike in enumerate(STRIKES):
            rows.append(
                option(
                    float(strike),
                    "CE" if is_call else "PE",
                    int(oi[place, column]),
                    ltp=float(ltp[place]),
                    best_bid=None,
                    best_ask=None,
                    iv=11.0 + place / 10,
                )
            )
    return rows


@pytest.fixture
def engine(database: URL) -> Iterator[Engine]:
    made, random = engine_for(database), np.random.default_rng(7)
    with made.begin() as session:
        for day in DAYS:
            for minute in MINUTES:
                at = OPEN + timedelta(minutes=day + minute)
                oi = random.integers(1, 9000, (len(STRIKES), 2)) * 75
                options = enriched_columns(priced(at, oi))
                write_snapshot(session, replace(snapshot(at), options=options))
    yield made
    made.dispose()


class Source:
    """Reads from one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def history(self) -> Any:
        return connected(self._engine)


def made(engine: Engine, name: str, **words: str) -> Any:
    asked = Asked.of(words, KINDS[name].wanted)
    with connected(engine) as session:
        state: ChainState = read_state(session, "NSE")
    return KINDS[name].make(Reading(Source(engine), state, asked))


@pytest.fixture
def history(engine: Engine) -> pd.DataFrame:
    """The raw rows of today."""
    query = 'SELECT * FROM option_chain_snapshots WHERE "timestamp" >= :start'
    with engine.connect() as session:
        start = OPEN.replace(hour=0, tzinfo=None)
        found = session.execute(text(query), {"start": start}).mappings().all()
    frame = pd.DataFrame(found)
    frame["minute"] = frame.timestamp.dt.strftime("%H:%M")
    frame["bar"] = frame.timestamp.dt.floor("5min")
    return frame


def test_the_day_is_the_last_of_each_minute(engine: Engine, history: pd.DataFrame) -> None:
    found = made(engine, "day").json()
    last = history[history.timestamp == history.groupby("minute").timestamp.transform("max")]
    totals = last.pivot_table(index="minute", columns="option_type", values="oi", aggfunc="sum")
    assert found["minutes"] == list(totals.index)
    assert found["pcr"] == pytest.approx(list(totals.PE / totals.CE), abs=1e-4)
    assert (found["oi_ce"], found["oi_pe"]) == (list(totals.CE), list(totals.PE))
    at_the_money = last[last.strike == 26_000].groupby("minute").ltp.sum()
    assert found["straddle"] == pytest.approx(list(at_the_money), abs=0.006)
    assert set(found["atm"]) == {26_000.0}
    assert found["premium"] == [90.0] * len(totals)
    assert found["previous_close_day"] == "2026-11-19"


def test_levels_are_those_of_each_bars_last_snapshot(engine: Engine, history: pd.DataFrame) -> None:
    found = made(engine, "levels").json()
    # of the bar under way the figures are as old as its last snapshot
    assert found["minutes"] == ["09:20", "09:25", "09:26"]
    last = history[history.timestamp == history.groupby("bar").timestamp.transform("max")]
    pains = [
        float(max_pain(rows.strike, (rows.option_type == "CE").to_numpy(), rows.oi))
        for _, rows in last.groupby("bar")
    ]
    assert found["max_pain"] == pains
    assert found["forward"] == pytest.approx([FORWARD] * 3, abs=0.05)
    assert found["atm_iv"] == pytest.approx([12.0] * 3, abs=0.05)


def test_heat_is_the_last_oi_of_each_bar_near_the_money(
    engine: Engine, history: pd.DataFrame
) -> None:
    found = made(engine, "heat", around="2").json()
    assert found["strikes"] == [25_900.0, 25_950.0, 26_000.0, 26_050.0, 26_100.0]
    assert found["minutes"] == ["09:15", "09:20", "09:25"]
    last = history.sort_values("timestamp").groupby(["strike", "option_type", "bar"]).oi.last()
    first = history.sort_values("timestamp").groupby(["strike", "option_type"]).oi.first()
    for side in ("CE", "PE"):
        name = side.lower()
        assert found[f"oi_{name}"] == [list(last[k, side]) for k in found["strikes"]]
        assert found[f"first_{name}"] == [first[k, side] for k in found["strikes"]]


def test_a_contract_is_every_snapshot_of_it(engine: Engine, history: pd.DataFrame) -> None:
    found = made(engine, "contract", strike="26050", side="PE").json()
    rows = history[(history.strike == 26_050) & (history.option_type == "PE")]
    rows = rows.sort_values("timestamp")
    assert found["times"] == list(rows.timestamp.dt.strftime("%H:%M:%S"))
    assert (found["oi"], found["price"]) == (list(rows.oi), list(rows.ltp))
    assert found["iv"] == pytest.approx(list(rows.iv), abs=0.006)


@pytest.mark.parametrize(
    ("strikes", "put", "call"), [("26000", 26_000, 26_000), ("26100,25900", 25_900, 26_100)]
)
def test_a_straddle_is_the_sum_of_its_legs(
    engine: Engine, history: pd.DataFrame, strikes: str, put: float, call: float
) -> None:
    found = made(engine, "straddle", strikes=strikes).json()
    price = history.set_index(["strike", "option_type", "timestamp"]).ltp.sort_index()
    legs = price[put, "PE"] + price[call, "CE"]
    assert (found["put_strike"], found["call_strike"]) == (put, call)
    assert found["price"] == pytest.approx(list(legs), abs=0.006)


def test_a_leg_that_is_not_listed_leaves_the_straddle_unknown(engine: Engine) -> None:
    found = made(engine, "straddle", strikes="26000,30000").json()
    assert len(found["times"]) == len(MINUTES)
    assert found["price"] == [None] * len(MINUTES)
    assert made(engine, "contract", strike="30000", side="CE").json()["times"] == []


def test_bars_answer_where_snapshots_are_no_longer_kept(engine: Engine) -> None:
    fill_all(engine, lambda line: None)
    with engine.begin() as session:
        session.execute(
            text("SELECT drop_chunks('option_chain_snapshots', '2026-11-20'::timestamp)")
        )
    found = made(engine, "contract", strike="26050", side="PE", day="2026-11-19").json()
    assert found["times"][-1] == "09:30:00"
    assert len(found["oi"]) == 3


def test_days_are_the_last_of_each(engine: Engine, history: pd.DataFrame) -> None:
    found = made(engine, "days").json()
    last = history[history.timestamp == history.timestamp.max()].groupby("option_type").oi.sum()
    assert found["days"] == ["2026-11-19", "2026-11-20"]
    assert (found["oi_ce"][-1], found["oi_pe"][-1]) == (last.CE, last.PE)
    assert found["pcr"][-1] == pytest.approx(last.PE / last.CE, abs=1e-4)
    assert made(engine, "days", days="1").json()["days"] == ["2026-11-20"]
    assert made(engine, "days", day="2026-11-19").json()["days"] == ["2026-11-19"]


def test_the_smile_is_of_the_close_before_unless_a_moment_is_named(engine: Engine) -> None:
    close = made(engine, "smile").json()
    assert close["at"] == "2026-11-19T09:26:00+05:30"
    assert close["expiry"] == EXPIRY.isoformat()
    assert close["iv_ce"] == pytest.approx([11.0 + n / 10 for n in range(len(STRIKES))])
    assert close["forward"] == pytest.approx(FORWARD, abs=0.05)
    for side in ("ce", "pe"):
        known = [iv for iv in close[f"iv_forward_{side}"] if iv is not None]
        assert known == pytest.approx([12.0] * len(known), abs=0.1)
    assert (
        made(engine, "smile", at="2026-11-20T09:16:00")
        .json()["at"]
        .startswith("2026-11-20T09:15:30")
    )
    assert made(engine, "smile", day="2026-11-19").json()["strikes"] == []


@pytest.mark.parametrize("moment", [{}, {"at": "2026-11-20T09:26:30"}])
def test_net_gamma_is_that_of_the_stored_volatilities(
    engine: Engine, history: pd.DataFrame, moment: dict[str, str]
) -> None:
    found = made(engine, "gamma", **moment).json()
    last = history[history.timestamp == history.timestamp.max()]
    is_call = (last.option_type == "CE").to_numpy()
    at = last.timestamp.iloc[0].tz_localize(IST).to_pydatetime()
    years = black_scholes.years_to_expiry(seconds_to_expiry(EXPIRY, at))
    each = black_scholes.greeks(is_call, 26_010.0, last.strike, years, last.iv / 100).gamma
    net = pd.Series(each * np.where(is_call, 1, -1) * last.oi * 26_010.0**2 / 100)
    assert found["net"] == pytest.approx(list(net.groupby(last.strike).sum()), abs=1.0)
    assert found["net_total"] == pytest.approx(net.sum(), abs=len(net))


@pytest.mark.parametrize("name", KINDS)
def test_every_series_of_a_day_without_data_is_empty(engine: Engine, name: str) -> None:
    words = {"strike": "26000", "strikes": "26000", "side": "CE"}
    words |= {"day": "2020-01-01", "at": "2020-01-01T10:00:00"}
    found = made(engine, name, **words)
    assert all(list(column) == [] for column in found.columns.values())
    assert len(list(csv.reader(io.StringIO(found.csv())))) == 1


def test_a_csv_holds_the_same_figures(engine: Engine) -> None:
    day = made(engine, "day")
    rows = list(csv.DictReader(io.StringIO(day.csv())))
    assert [row["minutes"] for row in rows] == day.json()["minutes"]
    assert [float(row["pcr"]) for row in rows] == day.json()["pcr"]
    heat = made(engine, "heat", around="1")
    lines = list(csv.reader(io.StringIO(heat.csv())))
    assert lines[0] == ["strikes", "figure", *heat.json()["minutes"]]
    assert [float(oi) for oi in lines[1][2:]] == heat.json()["oi_ce"][0]
    assert len(lines) == 1 + 2 * 3


def test_a_past_day_keeps_its_own_hours(engine: Engine) -> None:
    assert made(engine, "day", day=date(2026, 7, 30).isoformat()).json()["close"] == "15:30"
