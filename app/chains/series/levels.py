"""Max pain, the forward and IV at the money through a day, by five minutes.

No rollup holds them: they follow from the OI and prices of all contracts that the bars hold.
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from app.analytics.black_scholes import Bools, Floats, years_to_expiry
from app.analytics.forward import parity, usable
from app.analytics.implied_volatility import implied_volatility
from app.analytics.open_interest import known_total, max_pain
from app.chains.series.axis import axis
from app.chains.series.grid import CALL, PUT, Grid, clock, figures, grid
from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from db.market.calendar import expiry_instant, seconds_to_expiry

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PERCENT = 100


def levels(reading: Reading) -> Series:
    """Figures as of the end of each five minutes; of the bar under way as of its last snapshot."""
    from db.queries.bars import day_bars

    day, bars, ends = reading.day, grid(()), []
    forward, volatility, pain = np.empty(0), np.empty(0), np.empty(0)
    if day is not None:
        with reading.source.history() as connection:
            bars = grid(day_bars(connection, reading.exchange, day))
            if len(bars.minute):
                ends = _ends(connection, reading.exchange, day, bars)
                left = _seconds_left(connection, reading.exchange, day, ends)
                forward, volatility = _at_the_money(bars, years_to_expiry(left))
                pain = _max_pain(bars)
    times = [clock((end.hour * 60) + end.minute) for end in ends]
    return Series(
        facts=axis(day, times),
        columns={
            "minutes": times,
            "max_pain": figures(pain, 2),
            "forward": figures(forward, 2),
            "atm_iv": figures(volatility, 2),
        },
    )


def _ends(connection: "Connection", exchange: str, day: date, bars: Grid) -> list[datetime]:
    """When each bar's last figures were taken, as far as is known."""
    from db.queries.snapshots import instant_at

    start, midnight = bounds(day)
    last = instant_at(connection, exchange, midnight - timedelta(microseconds=1)) or midnight
    ends = [start + timedelta(minutes=minute) for minute in bars.ends.tolist()]
    return [min(end, last.replace(second=0, microsecond=0)) for end in ends]


def _seconds_left(
    connection: "Connection", exchange: str, day: date, ends: list[datetime]
) -> list[float]:
    """To the expiry of the contracts that were listed then; NaN where that is unknown.

    After the end of an expiry day a simulated market goes on with the next contracts.
    """
    from db.queries.chain import expiry_at
    from db.queries.snapshots import instant_at, instants

    start, midnight = bounds(day)
    found = instants(connection, exchange, start, start + timedelta(days=1))[:1]
    newest = instant_at(connection, exchange, midnight - timedelta(microseconds=1))
    listed = [expiry_at(connection, exchange, at) for at in (*found, newest) if at is not None]
    known = sorted({expiry for expiry in listed if expiry is not None})
    left = []
    for end in ends:
        expiry = next((one for one in known if expiry_instant(one) > end), None)
        left.append(np.nan if expiry is None else float(seconds_to_expiry(expiry, end)))
    return left


def _max_pain(bars: Grid) -> Floats:
    strike = np.repeat(bars.strike, 2)
    return max_pain(strike, _is_call(bars), bars.oi.reshape(len(bars.minute), -1))


def _is_call(bars: Grid) -> Bools:
    return np.tile(np.array([CALL, PUT]) == CALL, len(bars.strike))


def _at_the_money(bars: Grid, years: Floats) -> tuple[Floats, Floats]:
    """The forward in points, and IV in percent of the strike nearest to it, of both sides."""
    unquoted = np.full((len(bars.minute), 2 * len(bars.strike)), np.nan)
    prices = bars.price.reshape(unquoted.shape)
    strike = np.repeat(bars.strike, 2)
    implied = usable(parity(strike, _is_call(bars), prices, unquoted, unquoted, years))
    distance = np.abs(bars.strike - np.nan_to_num(implied.forward)[:, None])
    nearest = np.argmin(distance, axis=1)
    at_the_money = bars.price[np.arange(len(nearest)), nearest] / implied.discount[:, None]
    volatility = implied_volatility(
        np.array([True, False]),
        at_the_money,
        implied.forward[:, None],
        bars.strike[nearest][:, None],
        years[:, None],
        0.0,
    )
    count = np.isfinite(volatility).sum(axis=1)
    return implied.forward, known_total(volatility) / np.maximum(count, 1) * _PERCENT
