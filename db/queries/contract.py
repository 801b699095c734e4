"""One contract over time: a day at every snapshot, weeks by five minutes, months by day.

Bars come from the rollups; where the settings leave these out, from history itself.
"""

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from db.market.clock import IST
from db.market.ticks import OptionType
from db.queries.statements import fetch, is_left_out

_WIDTHS = {"five_minutes": timedelta(minutes=5), "days": timedelta(days=1)}


class ContractPoint(NamedTuple):
    """A contract at one instant."""

    timestamp: datetime
    oi: int | None
    ltp: float | None
    volume: int | None
    iv: float | None
    underlying_price: float | None


class ContractBar(NamedTuple):
    """A contract over one bucket: OI in units, prices in INR, volume as of its end."""

    bucket: datetime
    oi_open: int | None
    oi_high: int | None
    oi_low: int | None
    oi_close: int | None
    ltp_open: float | None
    ltp_high: float | None
    ltp_low: float | None
    ltp_close: float | None
    volume: int | None


def contract_day(
    connection: Connection, exchange: str, strike: float, option_type: OptionType, day: date
) -> tuple[ContractPoint, ...]:
    """Every snapshot of one contract on one day, ascending, from the archive if it is there."""
    start = datetime.combine(day, time.min, IST)
    binds = {
        "exchange": exchange,
        "strike": strike,
        "option_type": option_type,
        "start": start,
        "end": start + timedelta(days=1),
    }
    return fetch(connection, ContractPoint, "contract", "contract_day", **binds) or fetch(
        connection, ContractPoint, "contract", "archived_contract_day", **binds
    )


def contract_five_minutes(
    connection: Connection,
    exchange: str,
    strike: float,
    option_type: OptionType,
    start: datetime,
    end: datetime,
) -> tuple[ContractBar, ...]:
    """Bars of five minutes from `start` to before `end` (aware)."""
    key = {"exchange": exchange, "strike": strike, "option_type": option_type}
    return _bars(connection, "five_minutes", **key, start=start, end=end)


def contract_days(
    connection: Connection,
    exchange: str,
    strike: float,
    option_type: OptionType,
    start: datetime,
    end: datetime,
) -> tuple[ContractBar, ...]:
    """Bars of a day from `start` to before `end` (aware)."""
    key = {"exchange": exchange, "strike": strike, "option_type": option_type}
    return _bars(connection, "days", **key, start=start, end=end)


def _bars(connection: Connection, name: str, **binds: Any) -> tuple[ContractBar, ...]:
    if is_left_out(connection, "rollups"):
        return fetch(connection, ContractBar, "raw", "contract_bars", **binds, width=_WIDTHS[name])
    return fetch(connection, ContractBar, "contract", name, **binds)
