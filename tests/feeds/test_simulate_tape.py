"""The simulated market beside a recorded one: minutes of 2025-12-04, 12:35 to 13:14."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app.feeds.simulate.chain import ChainBlock
from tests.feeds.simulated import block, market_day, minutes

pytestmark = pytest.mark.tape

MIDDAY = minutes("12:35", "13:15")
# by key: the days before expiry of the tape's chains, give or take
DAYS_LEFT = {"NSE": (5, 6), "BSE": (0, 0), "NSE_MONTHLY": (20, 30), "BANKNIFTY_MONTHLY": (20, 30)}


@dataclass(frozen=True)
class Course:
    """One chain by minute × contract."""

    ltp: np.ndarray
    oi: np.ndarray
    volume: np.ndarray

    def changing(self) -> float:
        """Share of contracts that change price in a minute."""
        return float((np.diff(self.ltp, axis=0) != 0).mean())

    def moving(self) -> float:
        """Median |ΔOI| over three minutes in percent."""
        before = np.where(self.oi[:-3] > 0, self.oi[:-3], np.nan)
        return float(np.nanmedian(np.abs(self.oi[3:] / before - 1) * 100))

    def turned(self) -> float:
        """Volume over open interest at 13:08."""
        return float(self.volume[33].sum() / self.oi[33].sum())


def recorded(tape: Path, key: str) -> tuple[Course, tuple[float, float]]:
    """The tape's chain, and how far its strikes reach from the index."""
    rows = pd.read_csv(tape, parse_dates=["timestamp"])
    rows = rows[rows.exchange == key]
    reach = rows.strike - rows.underlying_price
    columns = (
        rows.pivot(index="timestamp", columns="token", values=name).to_numpy()
        for name in ("ltp", "oi", "volume")
    )
    return Course(*columns), (reach.min(), reach.max())


def simulated(key: str, reach: tuple[float, float]) -> list[Course]:
    """The same part of simulated chains as far from expiry."""
    found = []
    for day in (market_day(back) for back in range(60)):
        chain = block(key, day, MIDDAY)
        low, high = DAYS_LEFT[key]
        if low <= chain.seconds_to_expiry[0] // 86_400 <= high:
            found.append(course(chain, reach))
    return found


def course(chain: ChainBlock, reach: tuple[float, float]) -> Course:
    apart = chain.contracts.strike - chain.underlying[0]
    legs = (apart >= reach[0]) & (apart <= reach[1]) & (chain.oi > 0).all(axis=0)
    return Course(chain.ltp[:, legs], chain.oi[:, legs], chain.volume[:, legs])


@pytest.mark.parametrize("key", DAYS_LEFT)
def test_prices_change_and_contracts_trade_as_on_the_tape(tape: Path, key: str) -> None:
    real, reach = recorded(tape, key)
    markets = simulated(key, reach)
    assert len(markets) >= 5
    assert np.median([m.changing() for m in markets]) == pytest.approx(real.changing(), abs=0.3)
    assert 0.5 < np.median([m.turned() for m in markets]) / real.turned() < 2


@pytest.mark.parametrize("key", DAYS_LEFT)
def test_open_interest_moves_as_on_the_tape(tape: Path, key: str) -> None:
    real, reach = recorded(tape, key)
    moving = np.median([market.moving() for market in simulated(key, reach)])
    assert 0.3 < moving / real.moving() < 2.5


def test_a_nifty_weekly_holds_as_much_as_on_the_tape(tape: Path) -> None:
    real, reach = recorded(tape, "NSE")
    held = np.median([market.oi[33].sum() for market in simulated("NSE", reach)])
    traded = np.median([market.volume[33].sum() for market in simulated("NSE", reach)])
    assert 0.6 < held / real.oi[33].sum() < 1.7
    assert 0.5 < traded / real.volume[33].sum() < 1.5


def test_the_carry_of_a_weekly_lies_in_the_simulated_range(tape: Path) -> None:
    rows = pd.read_csv(tape, parse_dates=["timestamp"])
    rows = rows[(rows.exchange == "NSE") & (rows.timestamp == rows.timestamp.max())]
    sides = rows.pivot(index="strike", columns="option_type", values="ltp")
    spot = rows.underlying_price.iloc[0]
    money = sides[np.abs(sides.index - spot) < 150]
    forward = float((money.index.to_numpy() + money.CE - money.PE).mean())
    years = (date(2025, 12, 9) - date(2025, 12, 4)).days / 365
    assert 0.04 < np.log(forward / spot) / years < 0.1
