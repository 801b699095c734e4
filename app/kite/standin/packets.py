"""The broker's binary ticks: frames of big-endian packets.

A frame is a count (uint16) and as many packets, each behind its length (uint16). Prices are whole
numbers of a hundredth of a rupee, of smaller parts for currencies and commodities
(https://kite.trade/docs/connect/v3/websocket/#message-structure).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.void]

INDICES, CDS, BCD, NCO = 9, 3, 6, 12
_DIVISORS = {CDS: 10_000_000, BCD: 10_000, NCO: 10_000}
_DIVISOR = 100
LTP, QUOTE, FULL = "ltp", "quote", "full"
MODES = (LTP, QUOTE, FULL)
HEARTBEAT = b"\0"
DEPTH = 5

_LEVEL = np.dtype([("quantity", ">u4"), ("price", ">i4"), ("orders", ">u2"), ("padding", ">u2")])
_PRICES = ("open", "high", "low", "close")
TICK = np.dtype(
    [
        ("token", ">u4"),
        ("ltp", ">i4"),
        ("last_quantity", ">u4"),
        ("average", ">i4"),
        ("volume", ">u4"),
        ("buy_quantity", ">u4"),
        ("sell_quantity", ">u4"),
        *((name, ">i4") for name in _PRICES),
        ("last_trade_time", ">u4"),
        ("oi", ">u4"),
        ("oi_high", ">u4"),
        ("oi_low", ">u4"),
        ("exchange_time", ">u4"),
        ("buy", _LEVEL, (DEPTH,)),
        ("sell", _LEVEL, (DEPTH,)),
    ]
)
"""All there is to know of a token, laid out as its packet in full mode (184 bytes)."""

_INDEX = np.dtype(
    [
        ("token", ">u4"),
        *((name, ">i4") for name in ("ltp", "high", "low", "open", "close", "change")),
        ("exchange_time", ">u4"),
    ]
)
_LENGTHS = {LTP: 8, QUOTE: 44, FULL: TICK.itemsize}
_INDEX_LENGTHS = {LTP: 8, QUOTE: 28, FULL: _INDEX.itemsize}
_MOST = 0xFFFF


def divisor(token: int) -> int:
    """How many of the packet's units make one of the price."""
    return _DIVISORS.get(token & 0xFF, _DIVISOR)


def is_index(tokens: NDArray[Any]) -> NDArray[np.bool_]:
    """Which tokens are those of an index."""
    found: NDArray[np.bool_] = (tokens.astype(np.int64) & 0xFF) == INDICES
    return found


def packets(rows: Rows, mode: str) -> list[bytes]:
    """Each row's packet, an index's in its own shorter form."""
    rows = rows.astype(TICK, copy=False)  # numpy's own operations may give native byte order
    indices = is_index(rows["token"])
    plain = _cut(rows, _LENGTHS[mode])
    if not indices.any():
        return plain
    short = iter(_cut(_index_rows(rows[indices]), _INDEX_LENGTHS[mode]))
    return [next(short) if index else packet for index, packet in zip(indices, plain, strict=True)]


def frame(found: Sequence[bytes]) -> bytes:
    """One message of these packets; raises ValueError beyond 65,535."""
    if len(found) > _MOST:
        raise ValueError(f"a frame holds {_MOST} packets, not {len(found)}")
    parts = [len(found).to_bytes(2, "big")]
    for packet in found:
        parts += (len(packet).to_bytes(2, "big"), packet)
    return b"".join(parts)


def changed(now: Rows, before: Rows, mode: str) -> NDArray[np.bool_]:
    """Which rows differ in what that mode shows, times aside."""
    width = _LENGTHS[mode]
    found: NDArray[np.bool_] = (_timeless(now)[:, :width] != _timeless(before)[:, :width]).any(1)
    return found


def _timeless(rows: Rows) -> NDArray[np.uint8]:
    copied = rows.copy()
    copied["last_trade_time"] = 0
    copied["exchange_time"] = 0
    return copied.view(np.uint8).reshape(len(rows), TICK.itemsize)


def _cut(rows: Rows, length: int) -> list[bytes]:
    """The first bytes of each row."""
    whole, size = rows.tobytes(), rows.dtype.itemsize
    return [whole[start : start + length] for start in range(0, len(whole), size)]


def _index_rows(rows: Rows) -> Rows:
    short = np.zeros(len(rows), _INDEX)
    for name in ("token", "ltp", *_PRICES, "exchange_time"):
        short[name] = rows[name]
    short["change"] = rows["ltp"].astype(np.int64) - rows["close"]
    return short
