"""Candles of the past (https://kite.trade/docs/connect/v3/historical/)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.feeds.simulate.paths import second_of_day
from app.kite.standin.errors import input_error
from app.kite.standin.hours import moment_at
from app.kite.standin.listing import Listed
from app.kite.standin.sheets import Bars
from app.kite.standin.shown import Shown
from db.market.clock import IST

_DAY = "day"
_MINUTE_S = 60
MINUTES = {
    "minute": 1,
    "3minute": 3,
    "5minute": 5,
    "10minute": 10,
    "15minute": 15,
    "30minute": 30,
    "60minute": 60,
    _DAY: 24 * 60,
}
MOST_DAYS = {
    "minute": 60,
    "3minute": 100,
    "5minute": 100,
    "10minute": 100,
    "15minute": 200,
    "30minute": 200,
    "60minute": 400,
    _DAY: 2000,
}


class Candle(NamedTuple):
    """A stretch of time; prices in rupees."""

    at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    oi: int


def candles(
    market: Shown, row: Listed, interval: str, first: str, last: str, with_oi: bool
) -> list[list[object]]:
    """[time, open, high, low, close, volume(, OI)] of a token from `first` to `last`.

    The candle of this minute ends with this second; nothing later is told. Raises KiteError (400)
    for an unknown interval, moments that cannot be read and more days than the broker gives.
    """
    if interval not in MINUTES:
        raise input_error("invalid interval")
    begin, end = _moment(first, "from"), _moment(last, "to")
    if end < begin:
        raise input_error("`from` date cannot be after `to` date")
    if end - begin > timedelta(days=MOST_DAYS[interval]):
        raise input_error(f"interval exceeds max limit: {MOST_DAYS[interval]} days")
    now = market.now().astimezone(IST)
    found: list[Candle] = []
    day = begin.date()
    while day <= min(end, now).date():
        found += _day(market, row, interval, day, now)
        day += timedelta(days=1)
    return [
        _told(candle, with_oi) for candle in found if interval == _DAY or begin <= candle.at <= end
    ]


def _day(market: Shown, row: Listed, interval: str, day: date, now: datetime) -> Iterator[Candle]:
    whole = market.bars(row.chain, day)
    span = market.hours.span(day, row.instrument)
    if whole is None or span is None:
        return
    minutes = len(span) // _MINUTE_S
    if day == now.date():
        minutes = min(minutes, max(0, second_of_day(now) - span.start) // _MINUTE_S)
    singles = [_single(whole, row, day, number) for number in range(minutes)]
    if day == now.date() and second_of_day(now) in span:
        singles.append(_forming(market, row, whole, minutes))
    width = MINUTES[interval]
    for start in range(0, len(singles), width):
        candle = _merged(singles[start : start + width])
        yield candle._replace(at=moment_at(day, 0)) if interval == _DAY else candle


def _single(whole: Bars, row: Listed, day: date, minute: int) -> Candle:
    at = minute, row.column
    return Candle(
        at=moment_at(day, whole.first + minute * _MINUTE_S),
        open=int(whole.open[at]) / 100,
        high=int(whole.high[at]) / 100,
        low=int(whole.low[at]) / 100,
        close=int(whole.close[at]) / 100,
        volume=int(whole.volume[at]),
        oi=int(whole.oi[at]),
    )


def _forming(market: Shown, row: Listed, whole: Bars, minute: int) -> Candle:
    """The minute that is not over: from its opening price to the present one."""
    state = market.state()
    tick = state.rows[state.listings.place[row.token]]
    opened, present = int(whole.open[minute, row.column]) / 100, int(tick["ltp"]) / 100
    before = int(whole.volume[:minute, row.column].sum(dtype="int64"))
    return Candle(
        at=moment_at(state.at.date(), whole.first + minute * _MINUTE_S),
        open=opened,
        high=max(opened, present),
        low=min(opened, present),
        close=present,
        volume=max(0, int(tick["volume"]) - before),
        oi=int(tick["oi"]),
    )


def _merged(parts: list[Candle]) -> Candle:
    """One candle of several that follow each other."""
    return Candle(
        at=parts[0].at,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=sum(part.volume for part in parts),
        oi=parts[-1].oi,
    )


def _told(candle: Candle, with_oi: bool) -> list[object]:
    told = [f"{candle.at:%Y-%m-%dT%H:%M:%S%z}", *candle[1:]]
    return told if with_oi else told[:-1]


def _moment(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=IST)
    except ValueError:
        raise input_error(f"invalid `{name}` date") from None
