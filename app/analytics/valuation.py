"""A chain valued at one instant: its forward, volatilities and greeks, and where the money is."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.analytics import moneyness
from app.analytics.black_scholes import RATE, Bools, Floats, Greeks, greeks, price, years_to_expiry
from app.analytics.forward import Parity, levels, parity, stands_still, usable
from app.analytics.implied_volatility import implied_volatility
from app.analytics.smile import neighbours_volatility
from db.market.calendar import seconds_to_expiry
from db.market.ticks import OptionColumns


@dataclass(frozen=True, slots=True, eq=False)
class Valuation:
    """What is computed of a chain: arrays (n,), NaN where a figure is unknown.

    `spot` is what the contracts are valued at, `atm` the strike at the money, `volatility` that on
    the spot at the assumed rate, `on_forward` that on the chain's own forward; volatilities are
    fractions a year. `seconds` and `years` are to each contract's expiry.
    """

    is_call: Bools
    strike: Floats
    seconds: NDArray[np.int64]
    years: Floats
    spot: float
    atm: float
    volatility: Floats
    forward: float
    on_forward: Floats
    greeks: Greeks

    @property
    def iv(self) -> Floats:
        """Volatility on the spot in percent."""
        return np.round(self.volatility * 100, 4)

    @property
    def iv_forward(self) -> Floats:
        """Volatility on the forward in percent."""
        return np.round(self.on_forward * 100, 4)

    @property
    def theoretical_price(self) -> Floats:
        """What the volatility of the neighbouring strikes makes of each contract."""
        volatility = neighbours_volatility(self.strike, self.is_call, self.volatility)
        value = price(self.is_call, self.spot, self.strike, self.years, volatility)
        return finite(np.where(np.isfinite(volatility), value, np.nan).round(2))


def valued(options: OptionColumns, at: datetime, index: float, carry: float = np.nan) -> Valuation:
    """A chain of at least one contract, each with its expiry, at an aware moment.

    While the index (NaN if unknown) is unknown, or stands still though its options trade, what the
    chain's forward says of it takes its place; see `levels` for the `carry`.
    """
    is_call = options.is_call
    seconds = _seconds(options, at)
    years = years_to_expiry(seconds)
    implied = _parity(options, float(years.min()))
    spot, level = levels(at, index, float(implied.forward), float(years.min()), carry)
    volatility, on_forward = _volatilities(options, spot, implied, years)
    return Valuation(
        is_call=is_call,
        strike=options.strike,
        seconds=seconds,
        years=years,
        spot=spot,
        atm=float(moneyness.atm_strike(options.strike, level)),
        volatility=volatility,
        forward=float(implied.forward),
        on_forward=on_forward,
        greeks=greeks(is_call, spot, options.strike, years, volatility),
    )


def carried(options: OptionColumns, at: datetime, index: float) -> float:
    """The forward of a chain over its index; NaN where that is unknown, or stands still."""
    if len(options) == 0 or not index > 0 or stands_still(at):
        return float("nan")
    years = float(years_to_expiry(_seconds(options, at)).min())
    return float(_parity(options, years).forward) / index


def finite(values: Floats) -> Floats:
    """The values, NaN where one is infinite."""
    return np.where(np.isfinite(values), values, np.nan)


def _seconds(options: OptionColumns, at: datetime) -> NDArray[np.int64]:
    """To the expiry of each contract."""
    listed, place = np.unique(options.expiry, return_inverse=True)
    left = [seconds_to_expiry(expiry.item(), at) for expiry in listed]
    return np.array(left, dtype=np.int64)[place]


def _parity(options: OptionColumns, years: float) -> Parity:
    """What calls and puts agree on."""
    book = (options.ltp, options.best_bid, options.best_ask)
    return usable(parity(options.strike, options.is_call, *book, years))


def _volatilities(options: OptionColumns, spot: float, implied: Parity, years: Floats) -> Floats:
    """Volatility on the spot at the assumed rate, and on the forward without one: (2, n)."""
    price = np.stack([options.ltp, options.ltp / implied.discount])
    level, rate = np.array([[spot], [implied.forward]]), np.array([[RATE], [0.0]])
    return implied_volatility(options.is_call, price, level, options.strike, years, rate)
