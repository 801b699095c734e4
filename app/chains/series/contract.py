"""One contract, or a straddle or strangle, at every snapshot of a day.

History is read by the contract's own key. Where it keeps no snapshots of a day any more, the bars
of five minutes answer.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app.chains.series.axis import axis
from app.chains.series.made import Series
from app.chains.series.reading import Reading, bounds
from app.chains.series.totals import rounded
from db.queries.bars import BAR_MINUTES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.market.ticks import OptionType

_DIGITS = 2
_BAR = timedelta(minutes=BAR_MINUTES)


class _Point(NamedTuple):
    """A contract at one instant: OI in units, price and index in points, IV in percent."""

    oi: int | None
    price: float | None
    iv: float | None
    underlying: float | None


_UNKNOWN = _Point(None, None, None, None)


def one_contract(reading: Reading) -> Series:
    """OI, price, IV and the index of the contract that is meant."""
    (strike,), side = reading.asked.strikes, reading.asked.side
    points = _points(reading, strike, "CE" if side == "CE" else "PE")
    found = [points[at] for at in sorted(points)]
    return Series(
        facts={"strike": strike, "side": side, **_axis(reading, points)},
        columns={
            "times": _times(points),
            "oi": [point.oi for point in found],
            "price": [point.price for point in found],
            "iv": [point.iv for point in found],
            "index": [point.underlying for point in found],
        },
    )


def straddle(reading: Reading) -> Series:
    """The put at the lower strike and the call at the higher one, together and each."""
    low, high = reading.asked.strikes[0], reading.asked.strikes[-1]
    puts, calls = _points(reading, low, "PE"), _points(reading, high, "CE")
    instants = {at: None for at in sorted({*puts, *calls})}
    pairs = [(puts.get(at, _UNKNOWN), calls.get(at, _UNKNOWN)) for at in instants]
    return Series(
        facts={"put_strike": low, "call_strike": high, **_axis(reading, instants)},
        columns={
            "times": _times(instants),
            "price": [_sum(put.price, call.price) for put, call in pairs],
            "put": [put.price for put, _ in pairs],
            "call": [call.price for _, call in pairs],
            "index": [
                call.underlying if put.underlying is None else put.underlying for put, call in pairs
            ],
        },
    )


def _points(reading: Reading, strike: float, side: "OptionType") -> dict[datetime, _Point]:
    if reading.day is None:
        return {}
    with reading.source.history() as connection:
        return _snapshots(connection, reading.exchange, strike, side, reading.day) or _bars(
            connection, reading.exchange, strike, side, reading.day
        )


def _snapshots(
    connection: "Connection", exchange: str, strike: float, side: "OptionType", day: date
) -> dict[datetime, _Point]:
    from db.queries.contract import contract_day

    rows = contract_day(connection, exchange, strike, side, day)
    return {
        row.timestamp: _Point(row.oi, row.ltp, rounded(row.iv, _DIGITS), row.underlying_price)
        for row in rows
    }


def _bars(
    connection: "Connection", exchange: str, strike: float, side: "OptionType", day: date
) -> dict[datetime, _Point]:
    from db.queries.contract import contract_five_minutes

    bars = contract_five_minutes(connection, exchange, strike, side, *bounds(day))
    return {bar.bucket + _BAR: _Point(bar.oi_close, bar.ltp_close, None, None) for bar in bars}


def _axis(reading: Reading, instants: Mapping[datetime, object]) -> dict[str, object]:
    return axis(reading.day, _times(instants))


def _times(instants: Mapping[datetime, object]) -> list[str]:
    return [at.strftime("%H:%M:%S") for at in sorted(instants)]


def _sum(put: float | None, call: float | None) -> float | None:
    return None if put is None or call is None else round(put + call, _DIGITS)
