"""What no exchange can mean: reasons to turn a row away before it is stored."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from db.market.clock import IST, market_now
from db.market.exchanges import EXCHANGES
from db.market.ticks import ChainSnapshot, OptionTick

UNKNOWN_EXCHANGE = "unknown exchange"
NO_TIMESTAMP = "timestamp is not one"
NO_TOKEN = "no instrument token"  # noqa: S105 - an instrument's number, nothing secret
NO_STRIKE = "no strike"
NO_OPTION_TYPE = "option type is neither CE nor PE"
NO_EXPIRY = "expiry is not a date"
IMPOSSIBLE_EXPIRY = "expired, or expires in more than ten years"
NO_SYMBOL = "no symbol"
NOT_FINITE = "not a finite number"
NOT_WHOLE = "token or quantity is not a whole number"
NEGATIVE_OI = "negative open interest"
NEGATIVE_PRICE = "negative price"
NEGATIVE_QUANTITY = "negative quantity"
ABSURD_SIZE = "absurd size"
NO_UNDERLYING = "underlying price makes no sense"
REPEATED = "contract repeated within a snapshot"

_LARGEST_PRICE = 1e7
_LARGEST_QUANTITY = 1e13
_LARGEST_TOKEN = 2**63 - 1
_LONGEST_SYMBOL = 64
_LONGEST_LIFE = timedelta(days=3660)
_FIRST_YEAR = 1990


def tick_fault(tick: OptionTick, at: datetime) -> str | None:
    """Why a contract's state at a moment (aware) makes no sense, or None if it does.

    Figures that are unknown (None) make sense.
    """
    prices = (tick.ltp, tick.best_bid, tick.best_ask)
    quantities = (tick.oi, tick.volume, tick.bid_quantity, tick.ask_quantity)
    figures = [v for v in (tick.strike, *prices, *quantities) if v is not None]
    if tick.option_type not in ("CE", "PE"):
        return NO_OPTION_TYPE
    if not all(math.isfinite(v) for v in figures):
        return NOT_FINITE
    if tick.strike <= 0:
        return NO_STRIKE
    return (
        _identity(tick, at.astimezone(IST).date())
        or _negative(tick)
        or _absurd(tick, prices, quantities)
    )


def instant_fault(timestamp: datetime) -> str | None:
    """Why a moment cannot be one of a market's; naive ones cannot be placed in time.

    One years ahead would stand at the live edge for ever.
    """
    last_year = market_now().year + 1
    known = timestamp.tzinfo is not None and _FIRST_YEAR <= timestamp.year <= last_year
    return None if known else NO_TIMESTAMP


def checked(snapshot: ChainSnapshot) -> tuple[ChainSnapshot | None, Counter[str]]:
    """The snapshot with only what makes sense, None if nothing is left, and the faults counted.

    Of a contract given twice the last state counts. Figures of the underlying that make no sense
    become unknown and are counted once.
    """
    faults = Counter(snapshot.rejected)
    if fault := _chain_fault(snapshot):
        faults[fault] += max(1, len(snapshot.options))
        return None, faults
    kept: dict[tuple[float, str], OptionTick] = {}
    for tick in snapshot.options:
        if fault := tick_fault(tick, snapshot.timestamp):
            faults[fault] += 1
            continue
        faults[REPEATED] += (tick.strike, tick.option_type) in kept
        kept[tick.strike, tick.option_type] = tick
    underlying, future = _price(snapshot.underlying_price), _price(snapshot.future_price)
    oi, vix = _quantity(snapshot.future_oi), _price(snapshot.vix)
    given = (snapshot.underlying_price, snapshot.future_price, snapshot.future_oi, snapshot.vix)
    faults[NO_UNDERLYING] += (underlying, future, oi, vix) != given
    if not kept:
        return None, +faults
    sound = replace(
        snapshot,
        options=tuple(kept.values()),
        underlying_price=underlying,
        future_price=future,
        future_oi=oi,
        vix=vix,
        rejected=(),
    )
    return sound, +faults


def _chain_fault(snapshot: ChainSnapshot) -> str | None:
    if snapshot.exchange not in EXCHANGES:
        return UNKNOWN_EXCHANGE
    return instant_fault(snapshot.timestamp)


def _identity(tick: OptionTick, day: date) -> str | None:
    if not 0 < tick.token <= _LARGEST_TOKEN:
        return NO_TOKEN
    if not 0 < len(tick.symbol) <= _LONGEST_SYMBOL or not tick.symbol.isprintable():
        return NO_SYMBOL
    return None if day <= tick.expiry <= day + _LONGEST_LIFE else IMPOSSIBLE_EXPIRY


def _negative(tick: OptionTick) -> str | None:
    if tick.oi is not None and tick.oi < 0:
        return NEGATIVE_OI
    if _any_negative((tick.ltp, tick.best_bid, tick.best_ask)):
        return NEGATIVE_PRICE
    if _any_negative((tick.volume, tick.bid_quantity, tick.ask_quantity)):
        return NEGATIVE_QUANTITY
    return None


def _any_negative(values: Iterable[float | None]) -> bool:
    return any(v is not None and v < 0 for v in values)


def _absurd(
    tick: OptionTick,
    prices: Iterable[float | None],
    quantities: Iterable[float | None],
) -> str | None:
    too_dear = any(v is not None and v > _LARGEST_PRICE for v in (tick.strike, *prices))
    too_many = any(v is not None and v > _LARGEST_QUANTITY for v in quantities)
    return ABSURD_SIZE if too_dear or too_many else None


def _price(value: float | None) -> float | None:
    sound = value is not None and math.isfinite(value) and 0 < value <= _LARGEST_PRICE
    return value if sound else None


def _quantity(value: int | None) -> int | None:
    sound = value is not None and 0 <= value <= _LARGEST_QUANTITY
    return value if sound else None
