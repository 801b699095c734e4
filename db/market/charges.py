"""What dealing in index options costs beside the premium: taxes, fees and brokerage, by date."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "facts" / "charges.toml"


@dataclass(frozen=True, slots=True)
class Turnover:
    """What was dealt in a segment on a day: orders, and premiums in INR.

    `exercised` is the intrinsic value of what was held to its expiry.
    """

    orders: int
    bought: float
    sold: float
    exercised: float = 0.0


@dataclass(frozen=True, slots=True)
class Charges:
    """What a turnover costs, in INR; `brokerage` and fees without the tax on them, `gst`."""

    stt: float
    exchange: float
    regulator: float
    stamp: float
    brokerage: float
    gst: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.stt + self.exchange + self.regulator + self.stamp + self.brokerage + self.gst


@dataclass(frozen=True, slots=True)
class _Rates:
    first: date
    stt_sold: float
    stt_exercised: float
    exchange: Mapping[str, float]
    regulator: float
    stamp_bought: float
    gst: float
    brokerage: float


def charges(day: date, segment: str, dealt: Turnover) -> Charges | None:
    """By the rates of that day; None where nobody here knows them."""
    rates = next((each for each in reversed(_rates()) if each.first <= day), None)
    if rates is None or segment not in rates.exchange:
        return None
    premium = dealt.bought + dealt.sold
    exchange, regulator = premium * rates.exchange[segment], premium * rates.regulator
    brokerage = dealt.orders * rates.brokerage
    return Charges(
        stt=dealt.sold * rates.stt_sold + dealt.exercised * rates.stt_exercised,
        exchange=exchange,
        regulator=regulator,
        stamp=dealt.bought * rates.stamp_bought,
        brokerage=brokerage,
        gst=(brokerage + exchange + regulator) * rates.gst,
    )


@cache
def _rates() -> tuple[_Rates, ...]:
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["rates"]
    return tuple(
        sorted((_Rates(first=row.pop("from"), **row) for row in rows), key=lambda each: each.first)
    )
