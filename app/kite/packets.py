"""How Kite's ticker lays out its binary packets, as numpy reads them (big-endian).

Source: https://kite.trade/docs/connect/v3/websocket/ (message structure). Lengths: 8 last price
only, 28 and 32 an index, 44 quote, 184 full; the length tells the kind, the token the instrument.
"""

import numpy as np
from numpy.typing import NDArray

LTP, INDEX_QUOTE, INDEX_FULL, QUOTE, FULL = 8, 28, 32, 44, 184
LENGTHS = (LTP, INDEX_QUOTE, INDEX_FULL, QUOTE, FULL)
HEARTBEAT_BYTES = 1

_LEVEL = np.dtype([("quantity", ">u4"), ("price", ">i4"), ("orders", ">u2"), ("padding", ">u2")])
_LTP = [("token", ">u4"), ("last_price", ">i4")]
_INDEX = [
    *_LTP,
    ("high", ">i4"),
    ("low", ">i4"),
    ("open", ">i4"),
    ("close", ">i4"),
    ("change", ">i4"),
]
_QUOTE = [
    *_LTP,
    ("last_quantity", ">u4"),
    ("average_price", ">i4"),
    ("volume", ">u4"),
    ("buy_quantity", ">u4"),
    ("sell_quantity", ">u4"),
    ("open", ">i4"),
    ("high", ">i4"),
    ("low", ">i4"),
    ("close", ">i4"),
]
_FULL = [
    *_QUOTE,
    ("last_trade_time", ">u4"),
    ("oi", ">u4"),
    ("oi_day_high", ">u4"),
    ("oi_day_low", ">u4"),
    ("exchange_time", ">u4"),
    ("bids", _LEVEL, (5,)),
    ("asks", _LEVEL, (5,)),
]

LAYOUTS = {
    LTP: np.dtype(_LTP),
    INDEX_QUOTE: np.dtype(_INDEX),
    INDEX_FULL: np.dtype([*_INDEX, ("exchange_time", ">u4")]),
    QUOTE: np.dtype(_QUOTE),
    FULL: np.dtype(_FULL),
}
"""By length in bytes: the fields of a packet. Prices are whole numbers of the segment's smallest
unit, times epoch seconds, quantities units."""

_SEGMENT_MASK = 0xFF
_INDICES = 9
_DIVISORS = np.full(256, 100.0)
# currency contracts of NSE, of BSE, and NSE's commodities are quoted finer than paise
_DIVISORS[3] = 1e7
_DIVISORS[6] = 1e4
_DIVISORS[12] = 1e4


def divisors(token: NDArray[np.uint32]) -> NDArray[np.float64]:
    """By what each token's prices are divided to give INR; its lowest byte names the segment."""
    found: NDArray[np.float64] = _DIVISORS[token & _SEGMENT_MASK]
    return found


def is_index(token: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which tokens are those of an index, which is computed and not traded."""
    found: NDArray[np.bool_] = (token & _SEGMENT_MASK) == _INDICES
    return found
