"""The instruments around the chain: the dollar and crude in INR, and the VIX."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.kite.instruments import Dump, near_future
from db.market.clock import IST

VIX_NAME = "NSE:INDIA VIX"
_FUTURES = {"usdinr": ("USDINR", "CDS-FUT"), "crude": ("CRUDEOIL", "MCX-FUT")}


@dataclass(frozen=True, slots=True)
class MacroNames:
    """What quotes are asked for by, 'EXCHANGE:SYMBOL'; None is not read."""

    usdinr: str | None = None
    crude: str | None = None
    vix: str | None = VIX_NAME

    def all(self) -> tuple[str, ...]:
        """Those that are read."""
        return tuple(name for name in (self.usdinr, self.crude, self.vix) if name)


def macro_names(
    dump: Dump | None, day: date, usdinr: str | None = None, crude: str | None = None
) -> MacroNames:
    """What is given, else the near futures of a day's dump, where their exchanges are listed."""
    return MacroNames(
        usdinr or _near("usdinr", dump, day),
        crude or _near("crude", dump, day),
    )


def price_of(quotes: Mapping[str, Any], name: str | None, day: date) -> float | None:
    """The last price of a quote that is of that day; None for none, for an old one and for 0."""
    found = quotes.get(name) if name else None
    if not isinstance(found, Mapping):
        return None
    price, at = found.get("last_price"), _day(found.get("timestamp"))
    if not isinstance(price, int | float) or not price > 0 or at != day:
        return None
    return float(price)


def _near(what: str, dump: Dump | None, day: date) -> str | None:
    name, segment = _FUTURES[what]
    found = near_future(dump, name, segment, day) if dump else None
    return f"{found.exchange}:{found.symbol}" if found else None


def _day(timestamp: object) -> date | None:
    """The day of a quote's time, which the broker writes in IST and the client reads naive."""
    if isinstance(timestamp, str):
        try:
            timestamp = datetime.fromisoformat(timestamp)
        except ValueError:
            return None
    if not isinstance(timestamp, datetime):
        return None
    return (timestamp.astimezone(IST) if timestamp.tzinfo else timestamp).date()
