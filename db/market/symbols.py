"""Trading symbols as Kite Connect writes them, and when contracts expire.

A contract of a month's last expiry is NIFTY26AUG24350CE; a weekly one names year, month and day,
NIFTY2681824350CE, October to December as O, N, D. Expiry days as the exchanges set them in 2025:
NSE's contracts on Tuesdays, BSE's on Thursdays
(https://www.nseindia.com/products-services/equity-derivatives-nifty50,
https://kite.trade/docs/connect/v3/market-quotes/#instruments).
"""

from datetime import date, timedelta

from db.market.exchanges import Exchange

TUESDAY, THURSDAY = 1, 3
_MONTH_CODES = "123456789OND"


def expiry_weekday(exchange: Exchange) -> int:
    """The weekday contracts of that exchange die on, 0 being Monday."""
    return THURSDAY if exchange.options_segment == "BFO" else TUESDAY


def next_expiry(exchange: Exchange, day: date) -> date:
    """The first expiry on or after `day`: this week's, or this month's last one."""
    weekday = expiry_weekday(exchange)
    if exchange.is_weekly:
        return day + timedelta(days=(weekday - day.weekday()) % 7)
    return next_monthly_expiry(weekday, day)


def next_monthly_expiry(weekday: int, day: date) -> date:
    """The first last-`weekday`-of-its-month on or after `day`."""
    this_month = _last_weekday(day.year, day.month, weekday)
    if this_month >= day:
        return this_month
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return _last_weekday(following.year, following.month, weekday)


def option_symbol(underlying: str, expiry: date, strike: float, option_type: str) -> str:
    """The trading symbol of an option."""
    return f"{underlying}{_expiry_code(expiry)}{strike:g}{option_type}"


def future_symbol(underlying: str, expiry: date) -> str:
    """The trading symbol of the future that expires in that month."""
    return f"{underlying}{_month_code(expiry)}FUT"


def _expiry_code(expiry: date) -> str:
    if (expiry + timedelta(days=7)).month != expiry.month:
        return _month_code(expiry)
    return f"{expiry:%y}{_MONTH_CODES[expiry.month - 1]}{expiry:%d}"


def _month_code(expiry: date) -> str:
    return f"{expiry:%y%b}".upper()


def _last_weekday(year: int, month: int, weekday: int) -> date:
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last = first_of_next - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)
