"""The broker's daily dump of instruments: read by ourselves, so that one bad row costs that row.

Columns: https://kite.trade/docs/connect/v3/market-quotes/#instruments. Token, lot, tick size and
expiry are facts of a contract on a day: tokens are given to other contracts later, two lots of one
index are live at once, and exchanges re-date contracts in place.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from db.errors import InvalidInputError

NEEDED = (
    *("instrument_token", "tradingsymbol", "name", "expiry", "strike", "tick_size", "lot_size"),
    *("instrument_type", "segment", "exchange"),
)
SMALLEST_SHARE = 0.8
"""A dump with fewer rows than this share of the last one is refused: it broke off, or worse."""

_LARGEST_TOKEN = 2**32 - 1
_TRADED_IN_LOTS = ("CE", "PE", "FUT")


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the dump. Prices in INR; `expiry` None and `strike` 0 for what has none.

    `kind` is CE, PE, FUT or EQ, `lot_size` in units; `name` is the underlying's symbol.
    """

    token: int
    symbol: str
    name: str
    kind: str
    expiry: date | None
    strike: float
    tick_size: float
    lot_size: int
    segment: str
    exchange: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be read: its line in the dump, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Dump:
    """The instruments of one day, and the rows that were set aside."""

    instruments: tuple[Instrument, ...]
    quarantined: tuple[Quarantined, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.instruments)


def parsed(text: str) -> Dump:
    """The dump's rows; bad ones are quarantined with their line.

    Columns may stand in any order and others may be there. Raises InvalidInputError when a needed
    column is missing or no row can be read.
    """
    lines = csv.reader(io.StringIO(text, newline=""))
    header = next(lines, [])
    places = _places(header)
    found: list[Instrument] = []
    bad: list[Quarantined] = []
    for row in lines:
        try:
            found.append(_instrument(row, places, len(header)))
        except ValueError as error:
            bad.append(Quarantined(lines.line_num, str(error)))
    if not found:
        raise InvalidInputError("The dump of instruments holds no row that can be read.")
    return Dump(tuple(found), tuple(bad))


def alive(dump: Dump, day: date) -> Dump:
    """What of an earlier dump should still be listed on a day: contracts die and go."""
    return Dump(tuple(each for each in dump.instruments if (each.expiry or day) >= day))


def accepted(new: Dump, last: Dump | None) -> Dump:
    """`new`, unless it has shrunk by much: InvalidInputError then, and the last one stays."""
    if last is not None and len(new) < SMALLEST_SHARE * len(last):
        raise InvalidInputError(
            f"The dump of instruments holds {len(new):,} rows where the last one held "
            f"{len(last):,}; the last one is kept."
        )
    return new


def options_of(
    dump: Dump, name: str, segment: str, expiry: date | None = None
) -> Sequence[Instrument]:
    """The option contracts of an underlying in a segment ('NFO-OPT'), of one expiry or of all."""
    return [
        each
        for each in dump.instruments
        if each.segment == segment
        and each.name == name
        and each.kind in ("CE", "PE")
        and (expiry is None or each.expiry == expiry)
    ]


def expiries(dump: Dump, name: str, segment: str) -> tuple[date, ...]:
    """The expiries on which option contracts of an underlying are listed, ascending."""
    dates = {each.expiry for each in options_of(dump, name, segment)}
    return tuple(sorted(each for each in dates if each is not None))


def near_future(dump: Dump, name: str, segment: str, day: date) -> Instrument | None:
    """The future of an underlying that dies next on or after a day ('NFO-FUT')."""
    alive = [
        each
        for each in dump.instruments
        if each.segment == segment and each.name == name and (each.expiry or date.min) >= day
    ]
    return min(alive, key=lambda each: each.expiry or date.max, default=None)


def _places(header: Sequence[str]) -> Mapping[str, int]:
    places = {name.strip(): place for place, name in enumerate(header)}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise InvalidInputError(f"The dump of instruments has no column {', '.join(missing)}.")
    return places


def _instrument(row: Sequence[str], places: Mapping[str, int], width: int) -> Instrument:
    if len(row) != width:
        raise ValueError(f"{len(row)} cells where the header has {width}")
    cell: Iterator[str] = (row[places[name]].strip() for name in NEEDED)
    token, symbol, name, expiry, strike, tick, lot, kind, segment, exchange = cell
    made = Instrument(
        token=_whole("instrument_token", token, _LARGEST_TOKEN),
        symbol=symbol,
        name=name,
        kind=kind,
        expiry=_day(expiry),
        strike=_number("strike", strike),
        tick_size=_number("tick_size", tick),
        # an index, which is not traded, comes in lots of 0
        lot_size=_whole("lot_size", lot, 10**9, 1 if kind in _TRADED_IN_LOTS else 0),
        segment=segment,
        exchange=exchange,
    )
    if not symbol:
        raise ValueError("no tradingsymbol")
    if kind in ("CE", "PE") and (made.expiry is None or made.strike <= 0):
        raise ValueError("an option without a strike or an expiry")
    return made


def _whole(column: str, text: str, most: int, least: int = 1) -> int:
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise ValueError(f"{column} is {text!r}, no whole number from {least}")
    return int(text)


def _number(column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{column} is {text!r}, no number from 0")
    return value


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
