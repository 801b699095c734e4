"""Rows of a recorded CSV as contract states: reading text, naming what cannot be read.

Needed columns: timestamp (ISO 8601; without an offset it is IST), exchange, token, expiry (date),
strike, option_type (CE/PE), ltp (INR), oi and volume (units). Used when there: symbol,
underlying_price, future_price, future_oi, vix, best_bid, best_ask, bid_quantity, ask_quantity. An
empty cell is unknown.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TextIO

from app.feeds import validation as fault
from db.errors import InvalidInputError
from db.market.clock import IST
from db.market.exchanges import EXCHANGES
from db.market.symbols import option_symbol
from db.market.ticks import ChainSnapshot, OptionTick

NEEDED = (
    *("timestamp", "exchange", "token", "expiry", "strike", "option_type"),
    *("ltp", "oi", "volume"),
)
_Row = Mapping[str, str | None]


class _FaultyCellError(ValueError):
    """A cell that cannot be read; its text is the reason that is counted."""


@dataclass(slots=True)
class _Chain:
    options: list[OptionTick] = field(default_factory=list)
    underlying: dict[str, float | None] = field(default_factory=dict)


def read_recording(path: Path, rejected: Counter[str]) -> list[ChainSnapshot]:
    """All chains of a file in the order of their instants, whatever the order of its rows.

    Rows that cannot be read are counted in `rejected` by reason. Raises InvalidInputError if the
    file cannot be opened, is no CSV text or lacks a needed column. Holds the whole file: about
    300 bytes a row.
    """
    try:
        # a damaged byte costs its row, not the file
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            chains = _gathered(_rows(file, path), rejected)
    except OSError as exc:
        raise InvalidInputError(f"Cannot read {path}: {exc.strerror or exc}.") from exc
    except csv.Error as exc:
        raise InvalidInputError(f"{path} is not a CSV file of text: {exc}.") from exc
    return [
        _snapshot(instant, exchange, chains[instant, exchange])
        for instant, exchange in sorted(chains)
    ]


def _rows(file: TextIO, path: Path) -> Iterator[_Row]:
    reader = csv.DictReader(file)
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise InvalidInputError(
            f"{path} has no column {', '.join(missing)}; a recording needs {', '.join(NEEDED)}."
        )
    return reader


def _gathered(rows: Iterable[_Row], rejected: Counter[str]) -> dict[tuple[datetime, str], _Chain]:
    chains: dict[tuple[datetime, str], _Chain] = {}
    for row in rows:
        try:
            instant, exchange = _instant(row), _exchange(row)
            tick = _tick(row, exchange)
            underlying = _underlying(row)
        except _FaultyCellError as exc:
            rejected[str(exc)] += 1
            continue
        if reason := fault.tick_fault(tick, instant):
            rejected[reason] += 1
            continue
        chain = chains.setdefault((instant, exchange), _Chain())
        chain.options.append(tick)
        chain.underlying.update({k: v for k, v in underlying.items() if v is not None})
    return chains


def _snapshot(instant: datetime, exchange: str, chain: _Chain) -> ChainSnapshot:
    oi = chain.underlying.get("future_oi")
    return ChainSnapshot(
        exchange=exchange,
        timestamp=instant,
        options=tuple(chain.options),
        underlying_price=chain.underlying.get("underlying_price"),
        future_price=chain.underlying.get("future_price"),
        future_oi=None if oi is None else int(oi),
        vix=chain.underlying.get("vix"),
    )


def _tick(row: _Row, exchange: str) -> OptionTick:
    strike = _number(row, "strike")
    if strike is None or strike <= 0:
        raise _FaultyCellError(fault.NO_STRIKE)
    side = _text(row, "option_type")
    if side not in ("CE", "PE"):
        raise _FaultyCellError(fault.NO_OPTION_TYPE)
    token = _whole(row, "token")
    if token is None:
        raise _FaultyCellError(fault.NO_TOKEN)
    expiry = _expiry(row)
    underlying = EXCHANGES[exchange].underlying_symbol
    return OptionTick(
        token=token,
        symbol=_text(row, "symbol") or option_symbol(underlying, expiry, strike, side),
        strike=strike,
        option_type="CE" if side == "CE" else "PE",
        expiry=expiry,
        ltp=_number(row, "ltp"),
        oi=_whole(row, "oi"),
        volume=_whole(row, "volume"),
        best_bid=_number(row, "best_bid"),
        best_ask=_number(row, "best_ask"),
        bid_quantity=_number(row, "bid_quantity"),
        ask_quantity=_number(row, "ask_quantity"),
    )


def _underlying(row: _Row) -> dict[str, float | None]:
    figures = {
        name: _number(row, name)
        for name in ("underlying_price", "future_price", "future_oi", "vix")
    }
    if any(value is not None and value < 0 for value in figures.values()):
        raise _FaultyCellError(fault.NO_UNDERLYING)
    return figures


def _instant(row: _Row) -> datetime:
    try:
        read = datetime.fromisoformat(_text(row, "timestamp"))
    except ValueError:
        raise _FaultyCellError(fault.NO_TIMESTAMP) from None
    placed = read if read.tzinfo else read.replace(tzinfo=IST)
    if reason := fault.instant_fault(placed):
        raise _FaultyCellError(reason)
    return placed.astimezone(IST)


def _exchange(row: _Row) -> str:
    key = _text(row, "exchange")
    if key not in EXCHANGES:
        raise _FaultyCellError(fault.UNKNOWN_EXCHANGE)
    return key


def _expiry(row: _Row) -> date:
    try:
        return date.fromisoformat(_text(row, "expiry")[:10])
    except ValueError:
        raise _FaultyCellError(fault.NO_EXPIRY) from None


def _number(row: _Row, name: str) -> float | None:
    text = _text(row, name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise _FaultyCellError(fault.NOT_FINITE) from None
    if not math.isfinite(value):
        raise _FaultyCellError(fault.NOT_FINITE)
    return value


def _whole(row: _Row, name: str) -> int | None:
    value = _number(row, name)
    if value is not None and value != int(value):
        raise _FaultyCellError(fault.NOT_WHOLE)
    return None if value is None else int(value)


def _text(row: _Row, name: str) -> str:
    return (row.get(name) or "").strip()
