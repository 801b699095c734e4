"""What no exchange can mean: reasons to turn contracts away before they are stored."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.analytics.black_scholes import Bools
from db.market.calendar import expiry_instant
from db.market.clock import IST, instant_fault, market_now
from db.market.exchanges import EXCHANGES
from db.market.ticks import CALL, PUT, ChainSnapshot, OptionColumns

UNKNOWN_EXCHANGE = "unknown exchange"
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
OTHER_EXPIRY = "not of the chain's nearest expiry"
REPEATED = "contract repeated within a snapshot"

_LARGEST_PRICE = 1e7
_LARGEST_QUANTITY = 10**13
_LONGEST_SYMBOL = 64
_LONGEST_LIFE = np.timedelta64(3660, "D")
_PRINTABLE = (0x20, 0x7E)

SOUND = -1
_PRICES = ("ltp", "best_bid", "best_ask")
_AMOUNTS = ("bid_quantity", "ask_quantity")


def checked(
    snapshot: ChainSnapshot, now: Callable[[], datetime] = market_now
) -> tuple[ChainSnapshot | None, Counter[str]]:
    """The snapshot with only what makes sense, None if nothing is left, and the faults counted.

    Figures of the underlying that make no sense become unknown and are counted once; an index of
    0 is how feeds say that they do not know it.
    """
    faults = Counter(snapshot.rejected)
    if fault := _chain_fault(snapshot, now):
        faults[fault] += max(1, len(snapshot.options))
        return None, faults
    found = option_faults(snapshot.options, snapshot.timestamp)
    faults.update(REASONS[code] for code in found[found != SOUND].tolist())
    if not (found == SOUND).any():
        return None, faults
    options = snapshot.options
    if (found != SOUND).any():
        options = options.chosen(found == SOUND)
    sound, is_odd = _underlying(replace(snapshot, options=options, rejected=()))
    faults[NO_UNDERLYING] += is_odd
    return sound, +faults


def option_faults(options: OptionColumns, at: datetime) -> NDArray[np.int64]:
    """What is wrong with each contract of a chain at an (aware) moment: a place in `REASONS`.

    `SOUND` stands for nothing; figures that are unknown make sense. Of several expiries the
    nearest one that is still alive is the chain's; of a contract given twice the last state
    counts.
    """
    day = np.datetime64(at.astimezone(IST).date(), "D")
    masks = [mask for _, mask in (*_identity(options, day), *_figures(options))]
    codes = np.select(masks, range(len(masks)), default=SOUND)
    sound = codes == SOUND
    if sound.any():
        expiry = _nearest_expiry(options.expiry[sound], at)
        codes[sound & (options.expiry != expiry)] = _OTHER_EXPIRY
        places = np.flatnonzero(codes == SOUND)
        codes[places[_repeated(options.chosen(places))]] = _REPEATED
    return codes


def _identity(options: OptionColumns, day: np.datetime64) -> Sequence[tuple[str, Bools]]:
    strike, expiry, side = options.strike, options.expiry, options.option_type
    return (
        (NO_OPTION_TYPE, (side != CALL) & (side != PUT)),
        (NOT_FINITE, ~np.isfinite(strike) | _infinite(options)),
        (NO_STRIKE, strike <= 0),
        (NO_TOKEN, options.token <= 0),
        (NO_SYMBOL, _nameless(options.symbol)),
        (IMPOSSIBLE_EXPIRY, ~((expiry >= day) & (expiry <= day + _LONGEST_LIFE))),
    )


def _figures(options: OptionColumns) -> Sequence[tuple[str, Bools]]:
    """Comparisons with NaN, the unknown, are false; of integers −1 is the unknown."""
    prices = [getattr(options, name) for name in _PRICES]
    amounts = [getattr(options, name) for name in _AMOUNTS]
    counts = [options.oi, options.volume]
    dear = _any([price > _LARGEST_PRICE for price in (options.strike, *prices)])
    many = _any([quantity > _LARGEST_QUANTITY for quantity in (*counts, *amounts)])
    return (
        (NEGATIVE_OI, options.oi < -1),
        (NEGATIVE_PRICE, _any([price < 0 for price in prices])),
        (NEGATIVE_QUANTITY, (options.volume < -1) | _any([amount < 0 for amount in amounts])),
        (ABSURD_SIZE, dear | many),
    )


REASONS = (
    *(NO_OPTION_TYPE, NOT_FINITE, NO_STRIKE, NO_TOKEN, NO_SYMBOL, IMPOSSIBLE_EXPIRY),
    *(NEGATIVE_OI, NEGATIVE_PRICE, NEGATIVE_QUANTITY, ABSURD_SIZE),
    *(OTHER_EXPIRY, REPEATED),
)
"""What the codes of `option_faults` stand for, the first that holds going before others."""

_OTHER_EXPIRY, _REPEATED = REASONS.index(OTHER_EXPIRY), REASONS.index(REPEATED)


def _any(masks: Sequence[Bools]) -> Bools:
    found: Bools = np.logical_or.reduce(masks)
    return found


def _infinite(options: OptionColumns) -> Bools:
    return _any([np.isinf(getattr(options, name)) for name in (*_PRICES, *_AMOUNTS)])


def _nameless(symbol: NDArray[np.bytes_]) -> Bools:
    """Symbols that are empty, too long or hold what cannot be printed."""
    length = np.char.str_len(symbol)
    width = max(1, symbol.dtype.itemsize)
    letters = np.ascontiguousarray(symbol, dtype=f"S{width}").view(np.uint8)
    letters = letters.reshape(len(symbol), width)
    odd = (letters < _PRINTABLE[0]) | (letters > _PRINTABLE[1])
    within = np.arange(width) < length[:, None]
    found: Bools = (length == 0) | (length > _LONGEST_SYMBOL) | (odd & within).any(axis=1)
    return found


def _nearest_expiry(expiries: NDArray[np.datetime64], at: datetime) -> np.datetime64:
    listed = np.unique(expiries)
    alive = [expiry for expiry in listed if expiry_instant(expiry.item()) > at]
    nearest: np.datetime64 = alive[0] if alive else listed[-1]
    return nearest


def _repeated(options: OptionColumns) -> NDArray[np.int64]:
    """Places of states that a later one of the same contract replaces."""
    order = np.lexsort((options.is_call, options.strike))
    strike, call = options.strike[order], options.is_call[order]
    again = (strike[1:] == strike[:-1]) & (call[1:] == call[:-1])
    replaced: NDArray[np.int64] = order[:-1][again]
    return replaced


def _chain_fault(snapshot: ChainSnapshot, now: Callable[[], datetime]) -> str | None:
    if snapshot.exchange not in EXCHANGES:
        return UNKNOWN_EXCHANGE
    return instant_fault(snapshot.timestamp, now)


def _underlying(snapshot: ChainSnapshot) -> tuple[ChainSnapshot, bool]:
    """The snapshot with unknown for figures that make no sense, and whether there were any."""
    index, future = _price(snapshot.underlying_price), _price(snapshot.future_price)
    oi, vix = _quantity(snapshot.future_oi), _price(snapshot.vix)
    given = (snapshot.underlying_price, snapshot.future_price, snapshot.future_oi, snapshot.vix)
    kept = (index, future, oi, vix)
    is_odd = any(k is None and g not in (None, 0) for k, g in zip(kept, given, strict=True))
    sound = replace(snapshot, underlying_price=index, future_price=future, future_oi=oi, vix=vix)
    return sound, is_odd


def _price(value: float | None) -> float | None:
    sound = value is not None and math.isfinite(value) and 0 < value <= _LARGEST_PRICE
    return value if sound else None


def _quantity(value: int | None) -> int | None:
    sound = value is not None and 0 <= value <= _LARGEST_QUANTITY
    return value if sound else None
