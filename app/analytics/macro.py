"""Figures of the market around the chain: how rates, crude and volatility move.

Unknown is None, and what follows from something unknown is unknown too.
"""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

TRADING_DAYS_A_YEAR = 252
REALIZED_DAYS = 20
"""Daily returns that realized volatility is measured over."""

_LEAST_RETURNS = 5


def percent_trend(now: float | None, before: float | None) -> float | None:
    """Change in percent since an earlier reading; of a reading of nothing there is none.

    `usdinr_trend` and `crude_trend` of macro_signals are this, since the row before; so they stand
    in the rows that the original program recorded.
    """
    if now is None or before is None or before <= 0:
        return None
    return (now / before - 1) * 100


def spread(usdinr_trend: float | None, crude_trend: float | None) -> float | None:
    """`macro_spread`: by how many percentage points the dollar outran crude."""
    if usdinr_trend is None or crude_trend is None:
        return None
    return usdinr_trend - crude_trend


def moving_average(now: float | None, closes: Sequence[float], days: int) -> float | None:
    """Mean of the present reading and the closes of the `days` − 1 days before, oldest first.

    Unknown until there are so many days.
    """
    if now is None or len(closes) < days - 1:
        return None
    return statistics.fmean([*closes[len(closes) - days + 1 :], now])


def trend_over(now: float | None, closes: Sequence[float], days: int) -> float | None:
    """Change in percent since the close `days` days before; `closes` are oldest first."""
    return percent_trend(now, closes[-days]) if len(closes) >= days else None


def realized_volatility(closes: Sequence[float]) -> float | None:
    """Volatility of the last 20 daily log returns, in percent a year; `closes` are oldest first.

    The sample's standard deviation times √252. Unknown with fewer than five returns.
    """
    last = closes[-REALIZED_DAYS - 1 :]
    if any(close <= 0 for close in last):
        return None
    returns = [math.log(later / earlier) for earlier, later in pairwise(last)]
    if len(returns) < _LEAST_RETURNS:
        return None
    return statistics.stdev(returns) * math.sqrt(TRADING_DAYS_A_YEAR) * 100
