"""Trading symbols as Kite Connect writes them, and when contracts expire by rule.

A contract of a month's last expiry is NIFTY26AUG24350CE; a weekly one names year, month and day,
NIFTY2681824350CE, October to December as O, N, D
(https://kite.trade/docs/connect/v3/market-quotes/#instruments).

What the day's instrument list says of a live contract goes before these rules, which serve the
simulated market and a warning: exchanges re-date contracts in place.
"""

from datetime import date, timedelta
from functools import lru_cache

from db.market.calendar import Calendar, calendar
from db.market.exchanges import Exchange

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = 1, 2, 3, 4
_MONTH_CODES = "123456789OND"
_LONGEST_AGO = date.min

# The weekday on which contracts die, by the date of the expiry. Sources: NSE's circulars on
# BANKNIFTY (2024-02 and 2024-11) and BSE's on SENSEX (2024-11); SEBI's circular of 2025-05-26, by
# which each exchange has one day from September 2025 on.
_WEEKDAYS: dict[str, tuple[tuple[date, int], ...]] = {
    "NIFTY": ((_LONGEST_AGO, THURSDAY), (date(2025, 9, 1), TUESDAY)),
    "SENSEX": (
        (_LONGEST_AGO, FRIDAY),
        (date(2025, 1, 4), TUESDAY),
        (date(2025, 9, 1), THURSDAY),
    ),
    "BANKEX": ((_LONGEST_AGO, FRIDAY), (date(2025, 1, 4), TUESDAY), (date(2025, 9, 1), THURSDAY)),
    "BANKNIFTY": (
        (_LONGEST_AGO, THURSDAY),
        (date(2024, 3, 1), WEDNESDAY),
        (date(2025, 1, 1), THURSDAY),
        (date(2025, 9, 1), TUESDAY),
    ),
}


def next_expiry(exchange: Exchange, day: date) -> date:
    """The first expiry on or after `day`: this week's, or this month's last one.

    An expiry that falls on a holiday, or on a day with a special session only, is the trading day
    before.
    """
    if exchange.is_weekly:
        return _next_weekly(exchange.underlying_symbol, day)
    return _next_monthly(exchange.underlying_symbol, day)


def next_monthly_expiry(exchange: Exchange, day: date) -> date:
    """The first last expiry of a month on or after `day`."""
    return _next_monthly(exchange.underlying_symbol, day)


def option_symbol(underlying: str, expiry: date, strike: float, option_type: str) -> str:
    """The trading symbol of an option."""
    return f"{underlying}{_expiry_code(underlying, expiry)}{strike:g}{option_type}"


def future_symbol(underlying: str, expiry: date) -> str:
    """The trading symbol of the future that expires in that month."""
    return f"{underlying}{_month_code(expiry)}FUT"


def _expiry_code(underlying: str, expiry: date) -> str:
    if expiry == _last_of_month(underlying, expiry.year, expiry.month):
        return _month_code(expiry)
    return f"{expiry:%y}{_MONTH_CODES[expiry.month - 1]}{expiry:%d}"


def _month_code(expiry: date) -> str:
    return f"{expiry:%y%b}".upper()


def _next_weekly(underlying: str, day: date) -> date:
    monday = day - timedelta(days=day.weekday())
    while True:
        for weekday in range(5):
            nominal = monday + timedelta(days=weekday)
            if (
                weekday == _weekday(underlying, nominal)
                and (held := _held(calendar(), nominal)) >= day
            ):
                return held
        monday += timedelta(days=7)


def _next_monthly(underlying: str, day: date) -> date:
    this_month = _last_of_month(underlying, day.year, day.month)
    if this_month >= day:
        return this_month
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return _last_of_month(underlying, following.year, following.month)


def _last_of_month(underlying: str, year: int, month: int) -> date:
    return _last_by(calendar(), underlying, year, month)


@lru_cache(maxsize=256)
def _last_by(table: Calendar, underlying: str, year: int, month: int) -> date:
    """A whole chain of symbols asks for the same month."""
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last = first_of_next - timedelta(days=1)
    nominal = last - timedelta(days=(last.weekday() - _weekday(underlying, last)) % 7)
    return _held(table, nominal)


def _weekday(underlying: str, on: date) -> int:
    eras = _WEEKDAYS.get(underlying, _WEEKDAYS["NIFTY"])
    return next(weekday for first, weekday in reversed(eras) if first <= on)


def _held(table: Calendar, nominal: date) -> date:
    """The day itself if it has its usual session, else the last such day before it."""
    day = nominal
    while not _has_usual_session(table, day):
        day = table.previous_trading_day(day)
    return day


def _has_usual_session(table: Calendar, day: date) -> bool:
    if table.is_trading_day(day) is False:
        return False
    found, usual = table.session(day), table.usual_session(day)
    return found is not None and (found.opens, found.closes) == (usual.opens, usual.closes)
