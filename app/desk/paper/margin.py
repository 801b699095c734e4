"""An estimate of the margin that a broker would block: the exchange's own is not computed here.

As SPAN does (https://www.cmegroup.com/clearing/risk-management/span-overview.html), the portfolio
is valued in sixteen scenarios: the index stays or moves by one, two or three thirds of a price
range, volatilities rise or fall by a range, and two moves of twice the price range count by 35 %.
Ranges as NSE Clearing publishes them for index derivatives
(https://www.nseclearing.in/risk-management/equity-derivatives/span-risk-parameters): price
6σ·√2 of a day but at least 9.3 %, volatility 25 % but at least 4 points. σ is taken from the
contracts' implied volatility, the clearing corporation's from a moving average of its own.
Beside the worst loss, less the value of what is long, stands the exposure margin: 2 % of the index
on each unit that is short, and 2 % more on the day it expires (SEBI's circular of 2024-10-01).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np

from app.desk.paper.payoff import Held, profit

LEAST_PRICE_RANGE = 0.093
LEAST_VOLATILITY_RANGE = 0.04
VOLATILITY_SHARE = 0.25
EXPOSURE = 0.02
EXPIRY_DAY_EXPOSURE = 0.02

_SIGMAS = 6.0 * sqrt(2.0)
_TRADING_DAYS = 252
_EXTREME = 2.0
_EXTREME_SHARE = 0.35
_MOVES = (0.0, 1 / 3, -1 / 3, 2 / 3, -2 / 3, 1.0, -1.0)
_DAY_YEARS = 1 / 365


@dataclass(frozen=True, slots=True)
class Margin:
    """An estimate in INR: `scan` the worst of the scenarios, `price_range` a fraction."""

    scan: float
    exposure: float
    price_range: float

    @property
    def total(self) -> float:
        """What would be blocked."""
        return self.scan + self.exposure


def margin(held: Sequence[Held], index: float) -> Margin | None:
    """The estimate for options on one underlying; None while a volatility is unknown.

    What is long alone needs none: it is paid for.
    """
    volatilities = [each.volatility for each in held if each.years > 0]
    if not volatilities or not all(isfinite(each) for each in volatilities):
        return None
    typical = float(np.median(volatilities))
    price_range = max(LEAST_PRICE_RANGE, _SIGMAS * typical / sqrt(_TRADING_DAYS))
    shift = max(LEAST_VOLATILITY_RANGE, VOLATILITY_SHARE * typical)
    worst = min(_scenarios(held, index, price_range, shift))
    value = _long_value(held, index)
    return Margin(max(0.0, -worst - value), _exposure(held, index), price_range)


def _scenarios(held: Sequence[Held], index: float, price_range: float, shift: float) -> list[float]:
    """Changes of the portfolio's value in INR."""
    levels = index * (1 + price_range * np.array(_MOVES))
    extreme = index * (1 + price_range * _EXTREME * np.array((1.0, -1.0)))
    start = profit(held, index, np.array([index]), 0.0)[0]
    changes = [
        change
        for each in (shift, -shift)
        for change in (profit(held, index, levels, 0.0, each) - start)
    ]
    changes += list(_EXTREME_SHARE * (profit(held, index, extreme, 0.0) - start))
    return [float(change) for change in changes]


def _long_value(held: Sequence[Held], index: float) -> float:
    """What selling all would bring, where more is long than short; else 0."""
    cost = sum(each.units * each.cost for each in held)
    return max(0.0, float(profit(held, index, np.array([index]), 0.0)[0]) + cost)


def _exposure(held: Sequence[Held], index: float) -> float:
    share = sum(
        -each.units * (EXPOSURE + (EXPIRY_DAY_EXPOSURE if each.years <= _DAY_YEARS else 0.0))
        for each in held
        if each.units < 0
    )
    return share * index
