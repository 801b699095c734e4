"""Chain columns as PostgreSQL's binary COPY format, in the order a live writer leaves rows.

Rows of all exchanges alternate by instant, as the collector commits them, because the order on
disk decides how many pages a read touches. Whole blocks are laid out at once: within one
stretch of the day the same columns are unknown, so rows of one exchange have one width.
https://www.postgresql.org/docs/current/sql-copy.html (Binary Format)
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from db.market.ticks import ChainColumns

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

LEGACY_COLUMNS = (
    "timestamp",
    "exchange",
    "strike",
    "option_type",
    "symbol",
    "oi",
    "ltp",
    "token",
    "underlying_price",
    "moneyness",
    "time_to_expiry_seconds",
    "pct_change_3m",
    "pct_change_5m",
    "pct_change_10m",
    "pct_change_15m",
    "pct_change_30m",
    "iv",
    "volume",
    "best_bid",
    "best_ask",
    "bid_quantity",
    "ask_quantity",
    "spread",
    "order_book_imbalance",
)
"""What the legacy program writes, in its order; `id` and the two times are left to defaults."""

_EPOCH = np.datetime64("2000-01-01", "us")
_INT4 = frozenset({"time_to_expiry_seconds"})


def encode_day(
    chains: Sequence["ChainColumns"], columns: Sequence[str] = LEGACY_COLUMNS
) -> Iterator[bytes]:
    """The rows of one day, without header and trailer; all chains share their instants."""
    instants = np.unique(chains[0].timestamp)
    unknown = [_unknown_until(chain, columns, len(instants)) for chain in chains]
    cuts = sorted({0, len(instants), *(cut for cuts in unknown for cut in cuts.values())})
    for start, stop in pairwise(cuts):
        blocks = [
            _block(chain, columns, cuts_of, slice(start, stop), len(instants))
            for chain, cuts_of in zip(chains, unknown, strict=True)
        ]
        yield np.concatenate(blocks, axis=1).tobytes()


def _unknown_until(chain: "ChainColumns", columns: Sequence[str], instants: int) -> dict[str, int]:
    """The number of the first instant from which a column is known."""
    known: dict[str, int] = {}
    for name in columns:
        values = chain.timestamp if name == "exchange" else getattr(chain, name)
        if values.dtype.kind == "f":
            missing = np.isnan(values.reshape(instants, -1)).all(axis=1)
            known[name] = instants if missing.all() else int(missing.argmin())
    return known


def _block(
    chain: "ChainColumns",
    columns: Sequence[str],
    known_from: dict[str, int],
    span: slice,
    instants: int,
) -> NDArray[np.uint8]:
    """Bytes of some instants of one chain: one row an instant."""
    contracts = len(chain) // instants
    rows = slice(span.start * contracts, span.stop * contracts)
    arrays = {
        name: _wire(name, chain, rows) if span.start >= known_from.get(name, 0) else None
        for name in columns
    }
    count = rows.stop - rows.start
    table = np.zeros(count, dtype=_record(arrays))
    table["fields"] = len(columns)
    for name, values in arrays.items():
        table[f"{name}:width"] = -1 if values is None else values.dtype.itemsize
        if values is not None:
            table[name] = values
    return np.asarray(table.view(np.uint8).reshape(span.stop - span.start, -1))


def _record(arrays: dict[str, NDArray[Any] | None]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, values in arrays.items():
        fields.append((f"{name}:width", ">i4"))
        if values is not None:
            fields.append((name, values.dtype.str))
    return np.dtype(fields)


def _wire(name: str, chain: "ChainColumns", rows: slice) -> NDArray[Any]:
    """The values of a column as PostgreSQL's binary input wants them."""
    if name == "exchange":
        return np.array([chain.exchange.encode()]).repeat(rows.stop - rows.start)
    values: NDArray[Any] = getattr(chain, name)[rows]
    if values.dtype.kind == "M":
        unit = "D" if name == "expiry" else "us"
        since = (values.astype(f"M8[{unit}]") - _EPOCH.astype(f"M8[{unit}]")).astype(np.int64)
        return np.asarray(since.astype(">i4" if unit == "D" else ">i8"))
    if values.dtype.kind == "i":
        return values.astype(">i4" if name in _INT4 else ">i8")
    return values.astype(">f8") if values.dtype.kind == "f" else values
