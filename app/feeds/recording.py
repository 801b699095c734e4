"""A recorded CSV as chains; what cannot be read is counted by reason and named by its line.

Needed columns: timestamp (ISO 8601; without an offset it is IST), exchange, token, expiry (date),
strike, option_type (CE/PE), ltp (INR), oi and volume (units). Used when there: symbol,
underlying_price, future_price, future_oi, vix, best_bid, best_ask, bid_quantity, ask_quantity. An
empty cell is unknown. A row is a line: no quoted cell holds the end of one, so that a quote that
nobody closed costs its own line and no other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from app.feeds.base import Rejections
from app.feeds.cells import (
    FaultyCellError,
    OptionRow,
    Row,
    exchange_of,
    instant_of,
    option_of,
    underlying_of,
)
from app.feeds.validation import REASONS, SOUND, option_faults
from db.csv_text import CUT, UNCLOSED, Lines, cells_of, numbered_lines
from db.errors import InvalidInputError
from db.market.rows import columns_of
from db.market.ticks import ChainSnapshot, OptionColumns

NEEDED = (
    *("timestamp", "exchange", "token", "expiry", "strike", "option_type"),
    *("ltp", "oi", "volume"),
)


@dataclass(slots=True)
class _Chain:
    rows: list[OptionRow] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    underlying: dict[str, float] = field(default_factory=dict)


def read_recording(path: Path, rejected: Rejections) -> list[ChainSnapshot]:
    """All chains of a file in the order of their instants, whatever the order of its rows.

    Rows that make no sense are counted in `rejected` by reason, with their lines. Raises
    InvalidInputError if the file cannot be opened, is no CSV text or lacks a needed column. Holds
    the whole file: about 300 bytes a row.
    """
    try:
        # a damaged byte costs its row, not the file
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            lines = numbered_lines(file, path)
            chains = _gathered(lines, _header(lines, path), rejected)
    except OSError as exc:
        raise InvalidInputError(f"Cannot read {path}: {exc.strerror or exc}.") from exc
    found = (_snapshot(*key, chains[key], rejected) for key in sorted(chains))
    return [snapshot for snapshot in found if len(snapshot.options)]


def _header(lines: Lines, path: Path) -> Sequence[str]:
    names = [name.strip() for name in cells_of(next(lines, (1, ""))[1]) or ()]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise InvalidInputError(
            f"{path} has no column {', '.join(missing)}; a recording needs {', '.join(NEEDED)}."
        )
    return names


def _gathered(
    lines: Iterable[tuple[int, str]], names: Sequence[str], rejected: Rejections
) -> dict[tuple[datetime, str], _Chain]:
    chains: dict[tuple[datetime, str], _Chain] = {}
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = _row(line, names)
            exchange = exchange_of(row)
            key = instant_of(row), exchange
            option, underlying = option_of(row, exchange), underlying_of(row)
        except FaultyCellError as exc:
            rejected.reject(str(exc), number)
            continue
        chain = chains.setdefault(key, _Chain())
        chain.rows.append(option)
        chain.lines.append(number)
        chain.underlying |= underlying
    return chains


def _row(line: str, names: Sequence[str]) -> Row:
    cells = cells_of(line)
    if cells is None:
        raise FaultyCellError(UNCLOSED)
    if len(cells) < len(names):
        raise FaultyCellError(CUT)
    # what stands beyond the header has no name to be asked for by
    return dict(zip(names, cells, strict=False))


def _snapshot(
    instant: datetime, exchange: str, chain: _Chain, rejected: Rejections
) -> ChainSnapshot:
    options = columns_of(OptionColumns, chain.rows)
    codes = option_faults(options, instant)
    for code, line in zip(codes.tolist(), chain.lines, strict=True):
        if code != SOUND:
            rejected.reject(REASONS[code], line)
    oi = chain.underlying.get("future_oi")
    return ChainSnapshot(
        exchange=exchange,
        timestamp=instant,
        options=options.chosen(codes == SOUND),
        underlying_price=chain.underlying.get("underlying_price"),
        future_price=chain.underlying.get("future_price"),
        future_oi=None if oi is None else int(oi),
        vix=chain.underlying.get("vix"),
    )
